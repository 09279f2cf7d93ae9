import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { VigieError } from '../../errors.js';
import type { ByteSource } from '../../index/byte-io.js';
import { drain, type HttpAnswer } from '../../runtime/http-request.js';
import type { S3Client } from './s3-client.js';
import { escapeXml, textOf } from './s3-xml.js';

/** The service takes 5 MiB to 5 GiB a part and 10,000 parts: this is good for 320 GB. */
const PART_BYTES = 32 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

/** Uploads a local file, in one piece or in parts, of which each is tried again by itself. Never more than a chunk is in memory. */
export async function uploadFile(
  client: S3Client,
  key: string,
  source: ByteSource,
  partBytes: number = PART_BYTES,
): Promise<void> {
  if (source.size <= partBytes) {
    await client.send({ method: 'PUT', key, body: await range(source, 0, source.size), read: emptied });
    return;
  }
  const upload = await client.send({
    method: 'POST',
    key,
    query: { uploads: '' },
    read: async ({ body }) => textOf(await text(body), 'UploadId'),
  });
  if (upload === undefined) throw new VigieError('store-unavailable', { detail: 'the object store names no upload' });
  try {
    await uploadParts(client, key, source, upload, partBytes);
  } catch (error) {
    // Parts that nobody completes cost money for ever.
    await client.send({ method: 'DELETE', key, query: { uploadId: upload }, read: emptied }).catch(() => undefined);
    throw error;
  }
}

async function uploadParts(
  client: S3Client,
  key: string,
  source: ByteSource,
  upload: string,
  partBytes: number,
): Promise<void> {
  const parts: string[] = [];
  for (let from = 0; from < source.size; from += partBytes) {
    const number = parts.length + 1;
    const tag = await client.send({
      method: 'PUT',
      key,
      query: { partNumber: String(number), uploadId: upload },
      body: await range(source, from, Math.min(partBytes, source.size - from)),
      read: async (answer) => {
        await drain(answer.body);
        return String(answer.headers['etag'] ?? '');
      },
    });
    parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`);
  }
  const list = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  await client.send({
    method: 'POST',
    key,
    query: { uploadId: upload },
    body: { bytes: list.byteLength, sha256: createHash('sha256').update(list).digest('hex'), open: () => once(list) },
    read: async ({ body }) => {
      // The service can answer 200 and find out afterwards that it failed.
      if (textOf(await text(body), 'ETag') === undefined) throw new Error('not completed');
    },
  });
}

/** A range of the file as the body of a request. It is hashed beforehand, so that the store can tell damage on the way. */
async function range(source: ByteSource, from: number, bytes: number) {
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(source, from, bytes)) hash.update(chunk);
  return { bytes, sha256: hash.digest('hex'), open: () => chunksOf(source, from, bytes) };
}

async function* chunksOf(source: ByteSource, from: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < bytes; ) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytes - done));
    await source.readInto(from + done, chunk.length, chunk);
    yield chunk;
    done += chunk.length;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function emptied({ body }: HttpAnswer): Promise<void> {
  await drain(body);
}
