import { clock, printable, RowWriter, writeLine } from '../output.js';
import type { HashLine } from './hash-line.js';

/** How a line is written, by format. */
export const HASH_WRITERS = {
  jsonl: () => async (line: HashLine) => await writeLine(JSON.stringify(line)),
  csv: () => {
    let begun = false;
    return async (line: HashLine) => {
      if (!begun) await writeLine(CSV_HEADER);
      begun = true;
      await writeLine(csvLine(line));
    };
  },
  table: () => {
    const rows = new RowWriter(COLUMNS);
    return async (line: HashLine) => await rows.write(tableRow(line));
  },
} as const;

const CSV_HEADER = 'id,md5,sha1,sha256,pdq,quality,vpdq,kind,comment';

/** A line as lists have it; what could not be hashed says so in its comment. */
function csvLine({ path, md5, sha1, sha256, pdq, quality, vpdq, kind, error }: HashLine): string {
  const comment = error === undefined ? '' : `${error.code}: ${error.message}`;
  const frames = vpdq === undefined ? '' : JSON.stringify(vpdq);
  const cells = [path, md5, sha1, sha256, pdq, quality, frames, kind, comment].map((cell) => String(cell ?? ''));
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

const COLUMNS = [
  { title: 'format', width: 8 },
  { title: 'size', width: 11, right: true },
  { title: 'quality', width: 7, right: true },
  { title: 'hash', width: 64 },
  { title: 'file', width: 0 },
] as const;

function tableRow(line: HashLine): string[] {
  const { path, format, width, height, pdq, vpdq, error } = line;
  const quality = vpdq === undefined ? line.quality : bestQuality(vpdq);
  const hash = vpdq === undefined ? pdq : framesInWords(line);
  return [
    format ?? '',
    width === undefined ? '' : `${width}×${height}`,
    quality === undefined ? '' : String(quality),
    hash ?? (error === undefined ? 'neither picture nor video' : `${error.code}: ${error.message}`),
    // A hash of what could be read of a damaged medium is not one of the whole.
    hash === undefined || error === undefined ? printable(path) : `${printable(path)}  [${error.code}]`,
  ];
}

function framesInWords({ vpdq = [], video }: HashLine): string {
  const count = vpdq.length === 1 ? '1 frame' : `${vpdq.length.toLocaleString('en')} frames`;
  return video === undefined ? `vpdq: ${count}` : `vpdq: ${count} of ${clock(video.seconds)}`;
}

function bestQuality(vpdq: readonly string[]): number {
  return vpdq.reduce((best, text) => Math.max(best, Number(text.split(',')[1])), 0);
}
