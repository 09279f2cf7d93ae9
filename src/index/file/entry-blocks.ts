import { Pacer } from '../pause.js';
import { checksum } from './checksum.js';
import type { RecordLog } from './record-log.js';
import { BLOCK_ROWS, type Section, type SectionWriter } from './sections.js';

export const ROWS_PER_BLOCK = 64;
/** Where there are videos, a block has no more bytes than this or one record: an entry is read with all of its block. */
const BLOCK_BYTES = 2 ** 16;

/** Blocks are handed to the sink in pieces of about this size. */
const PIECE = 2 ** 20;

/**
 * Writes the records in blocks of 64, and the table of the blocks: for each its length and its checksum. Lets go of the
 * log behind itself.
 * @param uneven whether large records end a block early; the first row of each block is written down then
 */
export async function writeEntries(
  writer: SectionWriter,
  log: RecordLog,
  rows: Uint32Array,
  uneven: boolean,
  signal?: AbortSignal,
): Promise<Section[]> {
  const blocks: number[] = [];
  const firstRows: number[] = [];
  const most = uneven ? BLOCK_BYTES : Number.POSITIVE_INFINITY;
  const pacer = new Pacer(signal);
  let piece = new Uint8Array(2 * PIECE);
  let used = 0;
  writer.open('entries');
  for (let row = 0; row < rows.length; ) {
    const start = used;
    firstRows.push(row);
    for (const end = Math.min(rows.length, row + ROWS_PER_BLOCK); row < end; row++) {
      const chunk = log.chunk(rows[row]!);
      const at = log.offset(rows[row]!);
      const length = 4 + (chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24));
      if (used > start && used - start + length > most) break;
      if (used + length > piece.length) {
        const larger = new Uint8Array(2 * (used + length));
        larger.set(piece.subarray(0, used));
        piece = larger;
      }
      piece.set(chunk.subarray(at, at + length), used);
      used += length;
    }
    blocks.push(used - start, checksum(piece.subarray(start, used)));
    if (used >= PIECE) {
      await writer.addUnchecked(piece.subarray(0, used));
      piece = new Uint8Array(2 * PIECE);
      used = 0;
      log.forgetBefore(rows[row - 1]!);
    }
    if (pacer.due) await pacer.pause();
  }
  await writer.addUnchecked(piece.subarray(0, used));
  // The blocks carry their own checksums.
  const entries = { ...writer.close(), checksum: 0 };
  writer.open('blocks');
  await writer.add(new Uint8Array(Uint32Array.from(blocks).buffer));
  const sections = [entries, writer.close()];
  if (!uneven) return sections;
  writer.open(BLOCK_ROWS);
  await writer.add(new Uint8Array(Uint32Array.from(firstRows).buffer));
  return [...sections, writer.close()];
}
