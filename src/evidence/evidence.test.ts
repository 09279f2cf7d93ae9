import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { addItem, clearEnforcement } from '../enforcement/testing/open-enforcement.js';
import { VigieError } from '../errors.js';
import { SealedBlobStore } from '../lists/sealed-blob-store.js';
import { listAttention } from '../storage/attention/attention-store.js';
import type { Database } from '../storage/database.js';
import { DirectoryBlobStore } from '../storage/directory-blob-store.js';
import { Events } from '../storage/events/events.js';
import { blobsInUse } from '../storage/items/item-upkeep.js';
import { TEST_KEYRING } from '../storage/outbox/testing/open-outbox.js';
import { Evidence } from './evidence.js';

const { missing, start } = DATABASES[0];

describe('evidence', () => {
  let database: Database;
  let folder: string;
  let blobs: SealedBlobStore;
  const bytes = randomBytes(100_000);
  const sha256 = new Uint8Array(createHash('sha256').update(bytes).digest());
  let fails: string | undefined;

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-evidence-'));
    blobs = new SealedBlobStore(new DirectoryBlobStore(folder, folder), TEST_KEYRING, 'medium');
  });
  afterAll(async () => await rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    fails = undefined;
    await clearEnforcement(database);
  });

  const opened = (retainMs?: number) =>
    new Evidence({
      ...{ database, keyring: TEST_KEYRING, record: new Events(TEST_KEYRING).record, blobs, maximumBytes: 2 ** 20 },
      ...(retainMs === undefined ? {} : { retainMs }),
      patienceMs: 2_000,
      client: {
        fetch: async (_url, take) => {
          if (fails === 'hangs') await new Promise(() => undefined);
          if (fails !== undefined) throw new VigieError(fails as 'disk-full');
          const body = (async function* () {
            yield bytes.subarray(0, 50_000);
            yield bytes.subarray(50_000);
          })();
          return await take({ body, length: bytes.byteLength } as never);
        },
      },
    });
  const want = async (evidence: Evidence, media: Parameters<Evidence['want']>[2] = [{ ordinal: 0 }]) => {
    const item = await addItem(database);
    await database.transaction((tx) => evidence.want(tx, item, media));
    return item;
  };
  const signal = AbortSignal.timeout(60_000);

  it('seals the bytes before an act, once, and no sweep takes them', async () => {
    const evidence = opened();
    const item = await want(evidence);
    await Promise.all([evidence.sealNow(item, signal), evidence.sealNow(item, signal)]);
    const [row] = await evidence.of(item);
    expect(row).toMatchObject({ state: 'sealed', bytes: bytes.byteLength, attempts: 1 });
    expect(Buffer.from(row?.sha256 ?? []).equals(sha256)).toBe(true);
    const blob = row?.blob ?? '';
    expect(Buffer.from((await blobs.read(blob)) as Uint8Array).equals(bytes)).toBe(true);
    expect(await blobsInUse(database.db, [blob])).toEqual(new Set([blob]));
  });

  it('keeps what came as bytes where it lies', async () => {
    const evidence = opened();
    const item = await want(evidence, [{ ordinal: 2, blob: 'b'.repeat(64), bytes: 5, sha256 }]);
    expect(await evidence.of(item)).toMatchObject([{ state: 'sealed', blob: 'b'.repeat(64), medium: 2 }]);
  });

  it('does not keep an act waiting for a full disk, tells of it, and seals later', async () => {
    const evidence = opened();
    const item = await want(evidence);
    fails = 'disk-full';
    await evidence.sealNow(item, signal);
    expect(await evidence.of(item)).toMatchObject([{ state: 'wanted', last_error: 'disk-full' }]);
    expect(await listAttention(database.db, { kind: 'evidence-not-sealed', limit: 5 })).toHaveLength(1);
    fails = undefined;
    await database.db
      .updateTable('evidence')
      .set({ next_at: new Date(0) })
      .execute();
    expect(await evidence.tend()).toMatchObject({ sealed: 1 });
    expect(await listAttention(database.db, { kind: 'evidence-not-sealed', limit: 5 })).toEqual([]);
  });

  it('says when bytes cannot be had', async () => {
    const evidence = opened();
    const item = await want(evidence, [{ ordinal: 7 }]);
    await evidence.sealNow(item, signal);
    expect(await evidence.of(item)).toMatchObject([{ state: 'not-had', last_error: 'url-invalid' }]);
  });

  it('destroys what has been kept for its time, and that it did is on record', async () => {
    const evidence = opened(0);
    const item = await want(evidence);
    await evidence.sealNow(item, signal);
    const [{ blob } = { blob: null }] = await evidence.of(item);
    expect(await evidence.destroyOverdue()).toBe(1);
    expect(await blobs.has(blob ?? '')).toBe(false);
    expect(await evidence.of(item)).toMatchObject([{ state: 'destroyed', blob: null, sha256: null }]);
    expect(await evidence.destroyOverdue()).toBe(0);
    const events = await database.db.selectFrom('event').select('kind').where('subject', '=', `item:${item}`).execute();
    expect(events.map(({ kind }) => kind).sort()).toEqual(['evidence.destroyed', 'evidence.sealed']);
  });

  it('destroys the rest where the bytes of one cannot be taken away', async () => {
    const evidence = opened(0);
    const stuck = 'c'.repeat(64);
    await mkdir(join(folder, 'cc', stuck), { recursive: true });
    const first = await want(evidence, [{ ordinal: 0, blob: stuck, bytes: 5, sha256 }]);
    const second = await want(evidence);
    await evidence.sealNow(second, signal);
    await expect(evidence.destroyOverdue()).rejects.toThrow();
    expect(await evidence.of(first)).toMatchObject([{ state: 'sealed', blob: stuck }]);
    expect(await evidence.of(second)).toMatchObject([{ state: 'destroyed' }]);
    await rmdir(join(folder, 'cc', stuck));
    expect(await evidence.destroyOverdue()).toBe(1);
  });
});
