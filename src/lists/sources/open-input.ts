import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { VigieError } from '../../errors.js';
import { HEAD_BYTES } from './detect.js';

export interface OpenInput {
  /** The first bytes, as many as it takes to tell the format, or all there are. */
  readonly head: Uint8Array;
  /** All bytes, the head among them. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Looks at the beginning of an input and gunzips it where it is gzip (by its first bytes, several members too).
 * @throws VigieError `list-malformed` while the chunks are read, when gzip data are damaged or cut short
 */
export async function openInput(input: AsyncIterable<Uint8Array>): Promise<OpenInput> {
  const raw = await peek(input, 2);
  if (raw.head[0] !== 0x1f || raw.head[1] !== 0x8b) return await peek(raw.chunks, HEAD_BYTES);
  return await peek(gunzip(raw.chunks), HEAD_BYTES);
}

async function peek(input: AsyncIterable<Uint8Array>, length: number): Promise<OpenInput> {
  const iterator = input[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
    size += value.length;
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* taken;
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head: taken.length === 1 ? (taken[0] as Uint8Array) : Buffer.concat(taken), chunks: chunks() };
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  const feeding = pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 2 }), unzip);
  feeding.catch(() => undefined);
  try {
    for await (const chunk of unzip) yield chunk as Buffer;
    await feeding;
  } catch (thrown) {
    const code = (thrown as { code?: unknown }).code;
    if (typeof code !== 'string' || !code.startsWith('Z_')) throw thrown;
    const detail = code === 'Z_BUF_ERROR' ? 'the gzip data are cut short' : 'the gzip data are damaged';
    throw new VigieError('list-malformed', { detail, cause: thrown });
  }
}
