import { Console } from 'node:console';
import pc from 'picocolors';

/** Colours only where a person looks: on a terminal, unless NO_COLOR says otherwise. */
export const colour = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);
export const colourErr = pc.createColors(pc.isColorSupported && process.stderr.isTTY === true);

const err = new Console(process.stderr);

/** A remark for the person at the terminal; results go to standard output. */
export function remark(text: string): void {
  err.log(text);
}

/**
 * Writes to standard output and waits until it is taken; a reader that went away (`| head`) ends the command quietly.
 */
export async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

export async function writeLine(text: string): Promise<void> {
  await write(`${text}\n`);
}

/** Columns as wide as their widest cell; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => visibleLength(row[i] ?? ''))));
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => {
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - visibleLength(cell)));
        return right[i] ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [colour.dim(line(header)), ...cells.map(line)].join('\n');
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  return text.replace(/\x1b\[[0-9;]*m/g, '').length;
}

export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
