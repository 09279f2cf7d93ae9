import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ObjectStore, startObjectStore } from '../../../test/s3.js';
import { Keyring } from '../keyring.js';
import { parseS3Place } from '../s3/s3-place.js';
import { HEADER_BYTES } from '../sealed-header.js';
import { BatchDirectory } from './batch-directory.js';
import { type Batch, makeBatch, NO_BATCH } from './batch-file.js';
import { type BatchFiles, pathOf } from './batch-files.js';
import { BatchObjects } from './batch-objects.js';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects?.stop());

const CREDENTIALS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

const PLACES = [
  { name: 'a directory', openIn: (root: string, keyring: Keyring): BatchFiles => new BatchDirectory(root, keyring) },
  {
    name: 'an object store',
    openIn: (root: string, keyring: Keyring): BatchFiles => {
      const place = parseS3Place(`${objects.bucket}/${root.replace(/^.*\//, '')}/events`, objects.environment);
      return new BatchObjects(place, keyring, CREDENTIALS);
    },
  },
] as const;

const first = (number: number): { number: number; hash: string } => ({ number: number - 1, hash: NO_BATCH });
const batchOf = (number: number, leaf = '{"id":"a"}'): Batch => makeBatch([leaf], first(number), new Date());

/** What every place of sealed batches keeps. */
describe.each(PLACES)('sealed batches in $name', ({ openIn }) => {
  const keyring = new Keyring([randomBytes(32)], 'file');
  let root: string;
  let files: BatchFiles;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-batches-'));
    files = openIn(root, keyring);
  });
  afterEach(() => rm(root, { recursive: true }));

  const listed = async () => {
    const names = [];
    for await (const { number, hash } of files.list()) names.push(`${number}/${hash}`);
    return names;
  };
  const nameOf = ({ header }: Batch) => `${header.number}/${header.hash.slice(0, 16)}`;
  const bytesOf = async (batch: Batch): Promise<Buffer> => {
    const source = await files.open(batch.header);
    const bytes = Buffer.alloc(source.size);
    await source.readInto(0, bytes.length, bytes);
    await source.close();
    return bytes;
  };

  it('are none at first', async () => {
    expect(await listed()).toEqual([]);
    expect(await files.named(1)).toEqual([]);
    await expect(files.read(batchOf(1).header)).rejects.toMatchObject({ code: 'blob-not-found' });
  });

  it('are read back by another process with the key, and by nobody without it', async () => {
    const batch = makeBatch(['{"id":"a"}', `{"id":"${'b'.repeat(300_000)}"}`], first(1), new Date());
    await files.write(batch);
    expect(await openIn(root, keyring).read(batch.header)).toEqual(batch);
    await expect(openIn(root, new Keyring([randomBytes(32)], 'file')).read(batch.header)).rejects.toMatchObject({
      code: 'seal-key-wrong',
    });
    expect((await bytesOf(batch)).includes('"id"')).toBe(false);
  });

  it('are listed by number, also across folders, and found by number', async () => {
    const batches = [20_001, 3, 9_999, 10_000, 2].map((number) => batchOf(number));
    for (const batch of batches) await files.write(batch);
    const sorted = [...batches].sort((a, b) => a.header.number - b.header.number);
    expect(await listed()).toEqual(sorted.map(nameOf));
    expect((await files.named(10_000)).map(({ number }) => number)).toEqual([10_000]);
    expect(await files.named(1)).toEqual([]);
  });

  it('of one number lie beside each other', async () => {
    const [one, other] = [batchOf(1, '{"id":"a"}'), batchOf(1, '{"id":"b"}')];
    await files.write(one);
    await files.write(other);
    expect(await files.named(1)).toHaveLength(2);
    expect((await listed()).sort()).toEqual([nameOf(one), nameOf(other)].sort());
    expect(await files.read(one.header)).toEqual(one);
    expect(await files.read(other.header)).toEqual(other);
  });

  it('are never replaced, also when several write the same at once', async () => {
    const batch = batchOf(1);
    await files.write(batch);
    const before = await bytesOf(batch);
    await Promise.all([files, openIn(root, keyring), openIn(root, keyring)].map((each) => each.write(batch)));
    expect((await bytesOf(batch)).equals(before)).toBe(true);
    expect(await listed()).toHaveLength(1);
  });

  it('name the key that they are sealed under', async () => {
    for (const number of [1, 2, 3]) await files.write(batchOf(number));
    let heads = 0;
    for await (const head of files.heads(HEADER_BYTES)) {
      expect(head).toHaveLength(HEADER_BYTES);
      expect(Buffer.from(head).toString('hex', 16, 24)).toBe(keyring.activeId);
      heads++;
    }
    expect(heads).toBe(3);
  });
});

describe('a directory of batches', () => {
  it('is cleared of what killed processes left, and of nothing that is being written', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vigie-batches-'));
    const [old, young] = ['0123456789abcdef.tmp', 'fedcba9876543210.tmp'];
    for (const name of [old, young]) await writeFile(join(root, name), 'half');
    const before = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(root, old), before, before);
    const batch = batchOf(1);
    await new BatchDirectory(root, new Keyring([randomBytes(32)], 'file')).write(batch);
    expect((await readdir(root)).sort()).toEqual(['000000', young].sort());
    expect((await readFile(join(root, pathOf(batch.header)))).length).toBeGreaterThan(0);
    await rm(root, { recursive: true });
  });
});

describe('an object store that is away', () => {
  it('is told soon, and holds the whole batch or none', async () => {
    const keyring = new Keyring([randomBytes(32)], 'file');
    const place = parseS3Place(`${objects.bucket}/away/events`, objects.environment);
    const files = new BatchObjects(place, keyring, CREDENTIALS);
    await files.write(batchOf(1));
    await objects.crash();
    const batch = batchOf(2);
    await expect(files.write(batch)).rejects.toMatchObject({ code: 'store-unavailable' });
    await objects.restart();
    expect(await files.named(2)).toEqual([]);
    await files.write(batch);
    expect(await files.read(batch.header)).toEqual(batch);
  });
});
