import { Pacer } from '../pause.js';
import { checksum } from './checksum.js';
import type { RecordLog } from './record-log.js';
import type { Section, SectionWriter } from './sections.js';

export const ROWS_PER_BLOCK = 64;

/** Blocks are handed to the sink in pieces of about this size. */
const PIECE = 2 ** 20;

/**
 * Writes the records in blocks of 64, and the table of the blocks: for each its length and its checksum. Lets go of the
 * log behind itself.
 */
export async function writeEntries(
  writer: SectionWriter,
  log: RecordLog,
  rows: Uint32Array,
  signal?: AbortSignal,
): Promise<Section[]> {
  const blocks = new Uint32Array(2 * Math.ceil(rows.length / ROWS_PER_BLOCK));
  const pacer = new Pacer(signal);
  let piece = new Uint8Array(2 * PIECE);
  let used = 0;
  writer.open('entries');
  for (let block = 0, row = 0; row < rows.length; block++) {
    const start = used;
    for (const end = Math.min(rows.length, row + ROWS_PER_BLOCK); row < end; row++) {
      const chunk = log.chunk(rows[row]!);
      const at = log.offset(rows[row]!);
      const length = 4 + (chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24));
      if (used + length > piece.length) {
        const larger = new Uint8Array(2 * (used + length));
        larger.set(piece.subarray(0, used));
        piece = larger;
      }
      piece.set(chunk.subarray(at, at + length), used);
      used += length;
    }
    blocks[2 * block] = used - start;
    blocks[2 * block + 1] = checksum(piece.subarray(start, used));
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
  await writer.add(new Uint8Array(blocks.buffer));
  return [entries, writer.close()];
}
