import { VigieError } from '../../errors.js';
import { abortableEach } from '../../runtime/abortable.js';
import type { VideoProcess } from './video-process.js';

interface FillOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** It is all there in a moment: the process is told when it is. */
  readonly atHand: boolean;
  /** Told the first bytes, from which the format can be recognised. */
  readonly onHead: (head: Uint8Array) => void;
}

const HEAD_BYTES = 4_096;

/**
 * Puts a video into the spool of a process and tells it how far that is.
 * @throws VigieError `media-empty`, `media-too-large`, `spool-full`; what the source throws; the signal's reason
 */
export async function fillSpool(
  process: VideoProcess,
  source: AsyncIterable<Uint8Array>,
  options: FillOptions,
): Promise<void> {
  const { maxBytes, signal, atHand, onHead } = options;
  const { spool } = process;
  let head: Uint8Array = new Uint8Array();
  for await (const chunk of abortableEach(source, signal)) {
    if (spool.bytes + chunk.length > maxBytes) throw new VigieError('media-too-large');
    if (head.length < HEAD_BYTES) {
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
      onHead(head);
    }
    if (process.ended) return;
    await spool.append(chunk);
    // A process that ended has told why.
    if (process.ended) return;
    if (!atHand) process.grown(spool.bytes, false);
  }
  if (spool.bytes === 0) throw new VigieError('media-empty');
  process.grown(spool.bytes, true);
}
