import { read } from 'node:fs';
import { promisify } from 'node:util';
import { VigieError } from '../../errors.js';
import { abortableEach } from '../../runtime/abortable.js';
import type { VideoProcess } from './video-process.js';

/** A video: as it arrives, or an open file that is all there. */
export type VideoBytes = AsyncIterable<Uint8Array> | { readonly fd: number; readonly bytes: number };

interface FillOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Told the first bytes, from which the format can be recognised. */
  readonly onHead: (head: Uint8Array) => void;
}

const PIECE_BYTES = 2 ** 20;
const HEAD_BYTES = 4_096;
const readAt = promisify(read);

/**
 * Puts a video into the spool of a process and tells it how far that is.
 * @throws VigieError `media-empty`, `media-too-large`, `spool-full`; what the source throws; the signal's reason
 */
export async function fillSpool(process: VideoProcess, source: VideoBytes, options: FillOptions): Promise<void> {
  const { maxBytes, signal, onHead } = options;
  const { spool } = process;
  const arriving = Symbol.asyncIterator in source;
  const chunks = arriving ? source : piecesOf(source);
  let head: Uint8Array = new Uint8Array();
  for await (const chunk of abortableEach(chunks, signal)) {
    if (spool.bytes + chunk.length > maxBytes) throw new VigieError('media-too-large');
    if (head.length < HEAD_BYTES) {
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
      onHead(head);
    }
    if (process.ended) return;
    await spool.append(chunk);
    // A process that ended has told why.
    if (process.ended) return;
    // What is all there in a moment is not worth starting with.
    if (arriving) process.grown(spool.bytes, false);
  }
  if (spool.bytes === 0) throw new VigieError('media-empty');
  process.grown(spool.bytes, true);
}

async function* piecesOf({ fd, bytes }: { readonly fd: number; readonly bytes: number }): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - at));
    const { bytesRead } = await readAt(fd, piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
