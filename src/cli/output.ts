import { Console } from 'node:console';
import pc from 'picocolors';
import { VigieError } from '../errors.js';
import { isReaderGone, ReaderGone } from './interrupt.js';

/** Colours only where a person looks: on a terminal, unless NO_COLOR says otherwise. */
export const colour = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);
export const colourErr = pc.createColors(pc.isColorSupported && process.stderr.isTTY === true);

const err = new Console(process.stderr);
const CLEAR_LINE = '\r\x1b[2K';
let status = '';

/** A remark for the person at the terminal; results go to standard output. */
export function remark(text: string): void {
  if (status !== '') process.stderr.write(CLEAR_LINE);
  err.log(text);
  if (status !== '') process.stderr.write(status);
}

/** One line on the terminal that the next one replaces, while long work goes on; nothing elsewhere. */
export function showStatus(text: string): void {
  if (process.stderr.isTTY !== true) return;
  // A longer one would go over to the next line, from where it cannot be taken away.
  status = colourErr.dim(text.slice(0, (process.stderr.columns || 80) - 1));
  process.stderr.write(CLEAR_LINE + status);
}

export function clearStatus(): void {
  if (status !== '') process.stderr.write(CLEAR_LINE);
  status = '';
}

/**
 * Writes to standard output and waits until it is taken.
 * @throws ReaderGone when nobody reads any more; VigieError `disk-full`
 */
export async function write(text: string | Uint8Array): Promise<void> {
  if (process.stdout.isTTY === true) clearStatus();
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === null || error === undefined) resolve();
      else if (isReaderGone(error)) reject(new ReaderGone());
      else reject(VigieError.from(error));
    });
  });
}

export async function writeLine(text: string): Promise<void> {
  await write(`${text}\n`);
}

/** Text that somebody else chose, such as a file name, without what would move the cursor or break the line. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (each) => {
    const code = each.charCodeAt(0);
    return each === '\n' ? '\\n' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** A time of the service as people read it, in UTC: 2027-03-31 09:05. */
export const minuteOf = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** The same with its seconds. */
export const secondOf = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** A length of video as people write it: 0:07, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Text of so many characters at the most, with the middle left out of what is longer. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${text.slice(text.length - tail)}`;
}

export interface Column {
  readonly title: string;
  /** Characters; what is longer takes the room it needs. */
  readonly width: number;
  readonly right?: true;
}

/** A table whose rows are written as they come. The last column is as wide as it likes. */
export class RowWriter {
  readonly #columns: readonly Column[];
  #begun = false;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  async write(row: readonly string[]): Promise<void> {
    if (!this.#begun) {
      this.#begun = true;
      await writeLine(colour.dim(this.#line(this.#columns.map(({ title }) => title))));
    }
    await writeLine(this.#line(row));
  }

  #line(row: readonly string[]): string {
    const cells = this.#columns.map(({ width, right }, i) => {
      const cell = row[i] ?? '';
      const padding = ' '.repeat(Math.max(0, width - visibleLength(cell)));
      return right ? padding + cell : cell + padding;
    });
    return cells.join('  ').trimEnd();
  }
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
