import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { acting } from '../../runtime/acting.js';
import { jsonb } from '../column-values.js';
import type { Database } from '../database.js';
import { Keyring } from '../keyring.js';
import type { Db } from '../schema.js';
import { BatchDirectory } from './batch-directory.js';
import { pathOf } from './batch-files.js';
import { EventSealer } from './event-sealer.js';
import { Events } from './events.js';
import { exportEvents, verifyExport } from './export-events.js';
import { type Finding, verifyEvents } from './verify-events.js';

describe.each(DATABASES)('events on $name', ({ name, missing, start }) => {
  describe.skipIf(missing !== undefined)('', () => {
    const keyring = new Keyring([randomBytes(32)], 'file');
    const events = new Events(keyring);
    let database: Database;
    let files: BatchDirectory;
    let sealer: EventSealer;
    let root: string;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'vigie-events-'));
    });
    afterAll(async () => {
      await rm(root, { recursive: true });
    });
    beforeEach(async () => {
      await sql`TRUNCATE event, event_payload, event_batch, subject_key`.execute(database.db);
      files = new BatchDirectory(join(root, randomBytes(6).toString('hex')), keyring);
      sealer = newSealer();
    });

    const newSealer = (): EventSealer =>
      new EventSealer({
        database,
        files,
        failed: (error) => {
          throw error;
        },
      });
    const record = (subject = 'list:a', entries = ['e-1']): Promise<string> =>
      database.transaction((tx) =>
        events.record(tx, {
          kind: 'entry.status-changed',
          subject,
          refs: { list: 'a', status: 'withdrawn', count: entries.length },
          payload: { entries, reason: 'by mistake' },
        }),
      );
    const recordBare = (): Promise<string> =>
      database.transaction((tx) => events.record(tx, { kind: 'key.revoked', subject: 'key:k', refs: { key: 'k' } }));
    const verify = async () => {
      const findings: Finding[] = [];
      const onFinding = (finding: Finding) => findings.push(finding);
      const result = await verifyEvents({ database, files, subjectKeys: events.subjectKeys, onFinding });
      expect(result.findings).toBe(findings.length);
      return { ...result, found: findings.map(({ kind, event, detail }) => ({ kind, event, detail })) };
    };
    const byHand = (statement: (db: Db) => Promise<unknown>) => statement(database.db);

    it('are chained in batches, and tell what is not sealed yet', async () => {
      const id = await acting('person-1', () => record());
      await recordBare();
      expect(await verify()).toMatchObject({ batches: 0, events: 0, unsealed: 2, found: [] });
      expect(await sealer.seal()).toBe(2);
      expect(await sealer.seal()).toBe(0);
      await record();
      expect(await sealer.seal()).toBe(1);
      await record();
      const { found, head, ...counts } = await verify();
      expect(counts).toMatchObject({ batches: 2, events: 3, unsealed: 1, findings: 0 });
      expect(found).toEqual([]);
      expect(head).toMatch(/^[0-9a-f]{64}$/);
      const [first] = (await events.latest(database.db, { limit: 10 })).filter((each) => each.id === id);
      expect(first).toMatchObject({ kind: 'entry.status-changed', actor: 'person-1', refs: { count: 1 } });
    });

    it('leave with the transaction that they belong to', async () => {
      const failing = database.transaction(async (tx) => {
        await events.record(tx, { kind: 'link.created', subject: 'service' });
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await events.latest(database.db, { limit: 10 })).toEqual([]);
    });

    // The embedded database runs one transaction at a time.
    if (name !== 'embedded') {
      it('of a transaction that commits late are sealed, whatever was committed before', async () => {
        let commit = (): void => undefined;
        const held = new Promise<void>((resolve) => {
          commit = resolve;
        });
        let written = (): void => undefined;
        const begun = new Promise<void>((resolve) => {
          written = resolve;
        });
        const late = database.transaction(async (tx) => {
          await events.record(tx, { kind: 'link.created', subject: 'service' });
          written();
          await held;
        });
        await begun;
        await record();
        expect(await sealer.seal()).toBe(0);
        commit();
        await late;
        expect(await sealer.seal()).toBe(2);
        expect((await verify()).found).toEqual([]);
      });
    }

    it('are sealed once by sealers that meet', async () => {
      const others = [newSealer(), newSealer()];
      const sealing = async (each: EventSealer): Promise<number> => {
        let sum = 0;
        for (let i = 0; i < 8; i++) {
          await recordBare();
          sum += await each.seal();
        }
        return sum;
      };
      const sums = await Promise.all([sealer, ...others].map(sealing));
      const rest = await sealer.seal();
      expect(sums.reduce((sum, each) => sum + each, rest)).toBe(24);
      expect(await verify()).toMatchObject({ events: 24, found: [] });
    });

    it.each([
      ['kind', (id: string) => sql`UPDATE event SET kind = 'key.created' WHERE id = ${id}`],
      ['at', (id: string) => sql`UPDATE event SET at = at - interval '1 hour' WHERE id = ${id}`],
      ['actor', (id: string) => sql`UPDATE event SET actor = 'nobody' WHERE id = ${id}`],
      ['subject', (id: string) => sql`UPDATE event SET subject = 'list:b' WHERE id = ${id}`],
      ['refs', (id: string) => sql`UPDATE event SET refs = ${jsonb<unknown>({ list: 'b' })} WHERE id = ${id}`],
      [
        'commitment',
        (id: string) => sql`UPDATE event SET commitment = decode(repeat('ab', 32), 'hex') WHERE id = ${id}`,
      ],
    ])('whose %s was altered by hand are found and named', async (field, alter) => {
      await record();
      const id = await record();
      await record();
      await sealer.seal();
      await byHand((db) => alter(id).execute(db));
      expect((await verify()).found).toEqual([{ kind: 'event-altered', event: id, detail: field }]);
    });

    it('that were taken out or put in by hand are found and named', async () => {
      const [gone, kept] = [await record(), await record()];
      await sealer.seal();
      await byHand(async (db) => {
        await sql`INSERT INTO event SELECT 'forged', xid, kind, version, at, actor, subject, refs, commitment
                  FROM event WHERE id = ${kept}`.execute(db);
        await sql`DELETE FROM event WHERE id = ${gone}`.execute(db);
      });
      expect((await verify()).found.map(({ kind, event }) => [kind, event]).sort()).toEqual([
        ['event-inserted', 'forged'],
        ['event-missing', gone],
      ]);
    });

    it('whose payload was altered or taken away are found', async () => {
      const [altered, gone, kept] = [await record(), await record(), await record()];
      const bare = await recordBare();
      await sealer.seal();
      await byHand(async (db) => {
        await sql`UPDATE event_payload SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
                  WHERE event_id = ${altered}`.execute(db);
        await sql`DELETE FROM event_payload WHERE event_id = ${gone}`.execute(db);
        await sql`INSERT INTO event_payload SELECT ${bare}, subject, sealed FROM event_payload
                  WHERE event_id = ${kept}`.execute(db);
      });
      expect((await verify()).found.map(({ kind, event }) => [kind, event]).sort()).toEqual(
        [
          ['payload-altered', altered],
          ['payload-inserted', bare],
          ['payload-missing', gone],
        ].sort(),
      );
    });

    it('go on verifying after their subject was erased, which nothing brings back', async () => {
      await record('account:x');
      await record('account:y');
      await sealer.seal();
      expect(await database.transaction((tx) => events.erase(tx, 'account:x', 'person-2'))).toBe(1);
      expect(await database.transaction((tx) => events.erase(tx, 'account:x', 'person-2'))).toBeUndefined();
      await sealer.seal();
      expect(await verify()).toMatchObject({ events: 3, found: [] });
      const { rows } = await sql`SELECT * FROM event_payload WHERE subject = 'account:x'`.execute(database.db);
      expect(rows).toEqual([]);
      await expect(record('account:x')).rejects.toMatchObject({ code: 'subject-erased' });
      await byHand((db) => sql`UPDATE subject_key SET sealed = NULL, erased_at = now()`.execute(db));
      expect((await verify()).found.map(({ kind }) => kind).sort()).toEqual(['erasure-unrecorded', 'payload-altered']);
    });

    it('of a batch whose file was written when the process died are sealed under that file', async () => {
      await record();
      await sealer.seal();
      await record();
      await sealer.seal();
      const before = await allOf(files.list());
      const { head } = await verify();
      await byHand((db) => sql`DELETE FROM event_batch WHERE number = 2`.execute(db));
      await record();
      expect(await sealer.seal()).toBe(2);
      expect(await allOf(files.list())).toHaveLength(before.length + 1);
      expect(await verify()).toMatchObject({ batches: 3, events: 3, found: [] });
      const { rows } = await sql<{ hash: Uint8Array }>`SELECT hash FROM event_batch WHERE number = 2`.execute(
        database.db,
      );
      expect(Buffer.from(rows[0]?.hash ?? []).toString('hex')).toBe(head);
    });

    it('of a database that is older than a sealed file are sealed beside it, and verify says so', async () => {
      await record();
      await sealer.seal();
      const lost = await record();
      await sealer.seal();
      await byHand(async (db) => {
        await sql`DELETE FROM event_batch WHERE number = 2`.execute(db);
        await sql`DELETE FROM event WHERE id = ${lost}`.execute(db);
      });
      await record();
      expect(await sealer.seal()).toBe(1);
      const { found, batches, events: count } = await verify();
      expect({ batches, count }).toEqual({ batches: 2, count: 2 });
      expect(found.map(({ kind }) => kind)).toEqual(['batch-unknown']);
    });

    it('are known to be damaged when a batch file or its row is', async () => {
      for (let i = 0; i < 3; i++) {
        await record();
        await sealer.seal();
      }
      const [first = '', second = ''] = (await allOf(files.list())).map((name) => join(files.path, pathOf(name)));
      await rm(first);
      const bytes = await readFile(second);
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
      await writeFile(second, bytes);
      await byHand((db) => sql`UPDATE event_batch SET events = 7 WHERE number = 3`.execute(db));
      expect((await verify()).found.map(({ kind, detail }) => [kind, detail])).toEqual([
        ['batch-file-missing', 'the file of the batch is not there'],
        ['batch-file-damaged', expect.any(String)],
        ['batch-row-altered', 'events'],
      ]);
    });

    it('are exported with what proves them, and all that was changed in an export is found', async () => {
      for (let i = 0; i < 3; i++) {
        await record();
        await recordBare();
        await sealer.seal();
      }
      let text = '';
      for await (const part of exportEvents(database.db, files)) text += part;
      const lines = text.split('\n');
      const { head } = await verify();
      const counts = { batches: 3, first: 1, last: 3, events: 6, head };
      expect(await verifyExport(asLines(lines), () => undefined)).toEqual({ ...counts, findings: 0 });
      const check = async (changed: readonly string[]) => {
        const found: [string, number | null][] = [];
        const { findings } = await verifyExport(asLines(changed), ({ kind, batch }) => found.push([kind, batch]));
        expect(findings).toBe(found.length);
        return found;
      };
      const damaged = (batch: number | null): [string, number | null] => ['batch-file-damaged', batch];
      const broken = (batch: number): [string, number | null] => ['chain-broken', batch];
      expect(text).not.toContain('by mistake');
      const all = lines.map((line) => line.replace('withdrawn', 'active'));
      expect(await check(all)).toEqual([damaged(1), damaged(2), damaged(3)]);
      expect(await check(lines.filter((_, i) => i !== 4))).toEqual([damaged(2)]);
      expect(await check([...lines.slice(0, 3), ...lines.slice(6)])).toEqual([broken(3)]);
      const turned = [...lines.slice(0, 1), ...lines.slice(1, 3).reverse(), ...lines.slice(3)];
      expect(await check(turned)).toEqual([damaged(1)]);
      // A header that is no header any more takes its events with it; the end is looked at all the same.
      const headless = lines.map((line, i) => (i === 3 ? `x${line}` : line));
      expect(await check([...headless.slice(0, 7), ...headless.slice(8)])).toEqual([damaged(1), damaged(3), broken(3)]);
      expect(await check(['none', ...lines])).toEqual([damaged(null)]);
      await byHand((db) => sql`UPDATE event_batch SET hash = previous WHERE number = 2`.execute(db));
      await expect(async () => {
        for await (const _ of exportEvents(database.db, files)) void _;
      }).rejects.toMatchObject({ code: 'audit-damaged' });
    });
  });
});

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

async function* asLines(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
