import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { VigieError } from '../../errors.js';
import { type Peeked, peek } from '../../runtime/peek.js';
import { HEAD_BYTES } from './detect.js';

/**
 * Looks at the beginning of an input and gunzips it where it is gzip (by its first bytes, several members too).
 * @returns at least the first bytes that tell the format, or all there are; and all of it
 * @throws VigieError `list-malformed` while all of it is read, when gzip data are damaged or cut short
 */
export async function openInput(input: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const raw = await peek(input, 2);
  if (raw.head[0] !== 0x1f || raw.head[1] !== 0x8b) return await peek(raw.all, HEAD_BYTES);
  return await peek(gunzip(raw.all), HEAD_BYTES);
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
