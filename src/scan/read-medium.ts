import { createHash } from 'node:crypto';
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
  const digests = new Digests();
  const read = await collect(source, options, (chunk) => digests.update(chunk));
  return { ...read, digests: digests.finish() };
}

/** A medium in memory of which so far only the digest is known that tells whether it was seen before. */
export interface ReadBytes extends Pick<ReadMedium, 'bytes' | 'ms'> {
  readonly sha256: Uint8Array;
}

/**
 * Reads a medium into memory and computes its SHA-256 on the way; the other digests can be had while it is decoded.
 * @throws VigieError `media-too-large`; whatever the source or the signal throws
 */
export async function readBytes(source: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<ReadBytes> {
  const sha256 = createHash('sha256');
  const read = await collect(source, options, (chunk) => sha256.update(chunk));
  return { ...read, sha256: sha256.digest() };
}

async function collect(
  source: AsyncIterable<Uint8Array>,
  { maximumBytes, declaredLength, signal }: ReadOptions,
  onChunk: (chunk: Uint8Array) => void,
): Promise<Pick<ReadMedium, 'bytes' | 'ms'>> {
  const tooLarge = () => new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
  if (declaredLength !== undefined && declaredLength > maximumBytes) throw tooLarge();
  const start = performance.now();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of abortableEach(source, signal)) {
    length += chunk.length;
    if (length > maximumBytes) throw tooLarge();
    onChunk(chunk);
    chunks.push(chunk);
  }
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
  return { bytes, ms: performance.now() - start };
}
