import { arrayBuffer, text } from 'node:stream/consumers';
import { VigieError } from '../../errors.js';
import type { ByteSource } from '../../index/byte-io.js';
import { drain, type HttpAnswer } from '../../runtime/http-request.js';
import type { Keyring } from '../keyring.js';
import { S3Client } from '../s3/s3-client.js';
import { type S3Credentials, type S3Place, s3Credentials } from '../s3/s3-place.js';
import { parseListing } from '../s3/s3-xml.js';
import type { Batch } from './batch-file.js';
import {
  type BatchFiles,
  type BatchName,
  byNumber,
  folderOf,
  nameOf,
  pathOf,
  sealBatch,
  sha256,
  unsealBatch,
} from './batch-files.js';

/** Sealing is tried again each second, and the next act must not wait for an object store that is away. */
const WRITE_ATTEMPTS = 2;

/** Sealed batches in an object store, which processes on any number of machines share. */
export class BatchObjects implements BatchFiles {
  readonly #client: S3Client;
  readonly #keyring: Keyring;

  /** @throws VigieError `usage` when there are no credentials */
  constructor(place: S3Place, keyring: Keyring, credentials: S3Credentials = s3Credentials()) {
    this.#client = new S3Client(place, credentials);
    this.#keyring = keyring;
  }

  /**
   * Asks the store to refuse what would replace an object. Some do not know the question, so it is looked before as
   * well; the batch of a name is the same in any case, only sealed anew.
   */
  async write(batch: Batch): Promise<void> {
    if (await this.#has(batch)) return;
    const bytes = await sealBatch(batch, this.#keyring);
    try {
      await this.#put(batch.header, bytes);
    } catch (error) {
      // Also when the answer to a first attempt was lost: then it is this very batch that is there.
      if (!(error instanceof VigieError && error.code === 'store-unavailable' && (await this.#has(batch)))) throw error;
    }
  }

  async put(name: BatchName, bytes: Uint8Array): Promise<void> {
    if ((await this.named(name.number)).some(({ hash }) => name.hash.startsWith(hash))) return;
    await this.#put(name, bytes);
  }

  async #put(name: BatchName, bytes: Uint8Array): Promise<void> {
    await this.#client.send({
      method: 'PUT',
      key: pathOf(name),
      headers: { 'if-none-match': '*' },
      body: { bytes: bytes.length, sha256: sha256(bytes), open: () => once(bytes) },
      attempts: WRITE_ATTEMPTS,
      read: ({ body }) => drain(body),
    });
  }

  async read(name: BatchName): Promise<Batch | undefined> {
    return await unsealBatch(await this.open(name), this.#keyring);
  }

  async open(name: BatchName): Promise<ByteSource> {
    const bytes = await this.#client.send({
      method: 'GET',
      key: pathOf(name),
      read: async ({ body }) => new Uint8Array(await arrayBuffer(body)),
    });
    return sourceOf(bytes);
  }

  async named(number: number): Promise<readonly BatchName[]> {
    const found: BatchName[] = [];
    for await (const name of this.#below(`${folderOf(number)}/${String(number).padStart(10, '0')}.`)) found.push(name);
    return found.sort(byNumber);
  }

  /** In the order of the keys, which is that of the numbers. */
  async *list(): AsyncGenerator<BatchName> {
    yield* this.#below('');
  }

  async *heads(bytes: number): AsyncGenerator<Uint8Array> {
    for await (const name of this.list()) {
      const head = await this.#client
        .send({
          method: 'GET',
          key: pathOf(name),
          headers: { range: `bytes=0-${bytes - 1}` },
          read: async ({ body }) => new Uint8Array(await arrayBuffer(body)).subarray(0, bytes),
        })
        .catch((error: unknown) => {
          if (error instanceof VigieError && error.code === 'blob-not-found') return undefined;
          throw error;
        });
      if (head !== undefined) yield head;
    }
  }

  async *#below(prefix: string): AsyncGenerator<BatchName> {
    let next: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix: `${this.#client.prefix}${prefix}`,
        ...(next === undefined ? {} : { 'continuation-token': next }),
      };
      const read = async ({ body }: HttpAnswer) => parseListing(await text(body));
      const page = await this.#client.send({ method: 'GET', query, read });
      for (const { key } of page.objects) {
        const name = nameOf(key.slice(key.lastIndexOf('/') + 1));
        if (name !== undefined && key === `${this.#client.prefix}${pathOf(name)}`) yield name;
      }
      next = page.next;
    } while (next !== undefined);
  }

  /** Whether the file of this batch is there and holds it. @throws VigieError `audit-damaged` when it holds another one */
  async #has({ header }: Batch): Promise<boolean> {
    if ((await this.named(header.number)).every(({ hash }) => !header.hash.startsWith(hash))) return false;
    const found = await this.read(header);
    if (found?.header.hash === header.hash) return true;
    throw new VigieError('audit-damaged', { detail: `the file of batch ${header.number} is another` });
  }
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readInto: async (offset, length, target) => {
      if (offset + length > bytes.length) throw new VigieError('seal-damaged', { detail: 'the file is shorter' });
      target.set(bytes.subarray(offset, offset + length));
    },
    close: async () => undefined,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
