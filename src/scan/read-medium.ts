import { VigieError } from '../errors.js';
import { Digests } from '../media/digests.js';
import { abortableEach } from '../runtime/abortable.js';
import type { DigestValues } from './signal-cache.js';

/** A medium in memory, hashed while it was read. */
export interface ReadMedium {
  readonly bytes: Uint8Array;
  readonly digests: DigestValues;
  /** Milliseconds from the first byte asked for to the last one read. */
  readonly ms: number;
}

export interface ReadOptions {
  readonly maximumBytes: number;
  /** Length that the sender declares: refused at once when over the limit, otherwise only a hint. */
  readonly declaredLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a medium into memory and computes its digests on the way.
 * @throws VigieError `media-too-large`; whatever the source or the signal throws
 */
export async function readMedium(source: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadMedium> {
  const { maximumBytes, declaredLength, signal } = options;
  const tooLarge = () => new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
  if (declaredLength !== undefined && declaredLength > maximumBytes) throw tooLarge();
  const start = performance.now();
  const digests = new Digests();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of abortableEach(source, signal)) {
    length += chunk.length;
    if (length > maximumBytes) throw tooLarge();
    digests.update(chunk);
    chunks.push(chunk);
  }
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
  return { bytes, digests: digests.finish(), ms: performance.now() - start };
}
