import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import type { Database } from './database.js';
import { FileSource } from './file-source.js';
import { keyUse } from './key-use.js';
import { Keyring } from './keyring.js';
import { rewrap } from './rewrap.js';
import { seal, sealedWith, unseal } from './seal.js';
import { SEALED_TABLES, SUBJECT_SEALED_TABLES } from './sealed-columns.js';
import { SealedReader, SealedWriter } from './sealed-file.js';
import { openSecret } from './secrets.js';

const NO_BATCHES = { heads: async function* (): AsyncGenerator<Uint8Array> {} };

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const before = new Keyring([oldKey], 'file');
const after = new Keyring([newKey, oldKey], 'file');

describe.each(DATABASES)('sealing again under a new key: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let databases: TestDatabases;
  beforeAll(async () => {
    if (missing === undefined) databases = await start();
  });
  afterAll(async () => {
    await databases?.close();
  });

  const plain = (n: number) => Buffer.from(`key ${n}`);
  const context = (subject: string) => ({ purpose: 'subject-key', aad: subject });
  const fill = async ({ db }: Database, count: number): Promise<void> => {
    const rows = Array.from({ length: count }, (_, n) => {
      const subject = `account:${n}`;
      return { subject, sealed: seal(before, plain(n), context(subject)) };
    });
    await db.insertInto('subject_key').values(rows).execute();
    await db.insertInto('subject_key').values({ subject: 'erased', sealed: null, erased_at: new Date() }).execute();
  };

  it('knows every table that holds something sealed', async () => {
    const { rows } = await sql<{ table: string }>`
      SELECT table_name AS table FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name = 'sealed'`.execute((await databases.open()).db);
    const known: readonly string[] = [...SEALED_TABLES, ...SUBJECT_SEALED_TABLES];
    expect(rows.map(({ table }) => table).sort()).toEqual([...known].sort());
  });

  it('leaves the older key with nothing to open, and everything readable without it', async () => {
    const database = await databases.open();
    await fill(database, 1_200);
    const secret = await openSecret(database, before, 'item-fingerprint');
    expect(await keyUse(database.db, [], NO_BATCHES)).toEqual(new Map([[before.activeId, { rows: 1_201, files: 0 }]]));
    // Both keys at hand, nothing was sealed again yet.
    expect(await openSecret(database, after, 'item-fingerprint')).toEqual(secret);
    // Two nodes at once do the work once.
    const both = await Promise.all([rewrap(database.db, after), rewrap(database.db, after)]);
    expect(both[0].renewed + both[1].renewed).toBe(1_201);
    expect(await rewrap(database.db, after)).toEqual({ renewed: 0, failed: 0 });
    expect(await keyUse(database.db, [], NO_BATCHES)).toEqual(new Map([[after.activeId, { rows: 1_201, files: 0 }]]));
    const alone = new Keyring([newKey], 'file');
    expect(await openSecret(database, alone, 'item-fingerprint')).toEqual(secret);
    for (const { subject, sealed } of await database.db.selectFrom('subject_key').selectAll().execute()) {
      if (sealed === null) continue;
      expect(Buffer.from(unseal(alone, sealed, context(subject))).toString()).toBe(`key ${subject.split(':')[1]}`);
    }
  });

  it('does not undo what is written meanwhile, and leaves what it cannot open', async () => {
    const database = await databases.open();
    await fill(database, 300);
    const { db } = database;
    const stranger = seal(new Keyring([randomBytes(32)], 'file'), plain(0), context('account:0'));
    await db.updateTable('subject_key').set({ sealed: stranger }).where('subject', '=', 'account:0').execute();
    const written = seal(before, Buffer.from('newer'), context('account:7'));
    const changing = db
      .updateTable('subject_key')
      .set({ sealed: written })
      .where('subject', '=', 'account:7')
      .execute();
    const [{ failed }] = await Promise.all([rewrap(db, after), changing]);
    await rewrap(db, after);
    expect(failed).toBe(1);
    const rows = await db
      .selectFrom('subject_key')
      .selectAll()
      .where('subject', 'in', ['account:0', 'account:7'])
      .execute();
    const byName = new Map(rows.map((row) => [row.subject, row.sealed ?? new Uint8Array()]));
    expect(byName.get('account:0')).toEqual(stranger);
    expect(sealedWith(byName.get('account:7') ?? new Uint8Array())).toBe(after.activeId);
    expect(
      Buffer.from(unseal(after, byName.get('account:7') ?? new Uint8Array(), context('account:7'))).toString(),
    ).toBe('newer');
  });

  it('leaves a file that was being sealed at a rotation under the older key, readable and counted', async () => {
    const database = await databases.open();
    const root = await mkdtemp(join(tmpdir(), 'vigie-rotation-'));
    const content = randomBytes(3 * 2 ** 20);
    const pieces: Uint8Array[] = [];
    const sink = { write: async (bytes: Uint8Array) => void pieces.push(Uint8Array.from(bytes)) };
    const begun = new SealedWriter(sink, before, 'a-purpose');
    await begun.write(content.subarray(0, 2 ** 20));
    // The key is renewed now: all that begins from here on is sealed under the new one.
    const later: Uint8Array[] = [];
    const other = new SealedWriter(
      { write: async (bytes) => void later.push(Uint8Array.from(bytes)) },
      after,
      'a-purpose',
    );
    await other.write(content);
    await database.db
      .insertInto('subject_key')
      .values({ subject: 'account:r', sealed: seal(before, plain(1), context('account:r')) })
      .execute();
    expect(await rewrap(database.db, after)).toEqual({ renewed: 1, failed: 0 });
    await begun.write(content.subarray(2 ** 20));
    for (const writer of [begun, other]) await writer.finish();
    await writeFile(join(root, 'begun'), Buffer.concat(pieces));
    await writeFile(join(root, 'later'), Buffer.concat(later));
    expect(await keyUse(database.db, [root], NO_BATCHES)).toEqual(
      new Map([
        [before.activeId, { rows: 0, files: 1 }],
        [after.activeId, { rows: 1, files: 1 }],
      ]),
    );
    for (const name of ['begun', 'later']) {
      const source = await FileSource.open(join(root, name));
      const reader = await SealedReader.open(source, after, 'a-purpose');
      const back = Buffer.alloc(reader.size);
      await reader.readInto(0, back.length, back);
      expect(back.equals(content)).toBe(true);
      await source.close();
    }
    const source = await FileSource.open(join(root, 'begun'));
    await expect(SealedReader.open(source, new Keyring([newKey], 'file'), 'a-purpose')).rejects.toMatchObject({
      code: 'seal-key-wrong',
    });
    await source.close();
    await rm(root, { recursive: true });
  });

  it('finds the keys of sealed files', async () => {
    const database = await databases.open();
    const root = await mkdtemp(join(tmpdir(), 'vigie-key-use-'));
    const pieces: Uint8Array[] = [];
    const sink = { write: async (bytes: Uint8Array) => void pieces.push(Uint8Array.from(bytes)) };
    const writer = new SealedWriter(sink, before, 'a-purpose');
    await writer.write(Buffer.from('content'));
    await writer.finish();
    await writeFile(join(root, 'sealed'), Buffer.concat(pieces));
    await writeFile(join(root, 'other'), 'not sealed');
    expect(await keyUse(database.db, [root], NO_BATCHES)).toEqual(new Map([[before.activeId, { rows: 0, files: 1 }]]));
    await rm(root, { recursive: true });
  });
});
