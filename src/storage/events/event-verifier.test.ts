import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabases } from '../../../test/databases.js';
import { VigieError } from '../../errors.js';
import type { Database } from '../database.js';
import { Keyring } from '../keyring.js';
import { queueFigures } from '../queue-figures.js';
import { BatchDirectory } from './batch-directory.js';
import { pathOf } from './batch-files.js';
import { EventSealer } from './event-sealer.js';
import { EventVerifier } from './event-verifier.js';
import { Events } from './events.js';
import { lastPasses } from './verification-store.js';

describe.each(DATABASES)('the regular verification on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('', () => {
    const keyring = new Keyring([randomBytes(32)], 'file');
    const events = new Events(keyring);
    const { signal } = new AbortController();
    let databases: TestDatabases;
    let database: Database;
    let files: BatchDirectory;
    let sealer: EventSealer;
    let root: string;

    beforeAll(async () => {
      databases = await start();
      database = await databases.open();
      root = await mkdtemp(join(tmpdir(), 'vigie-verifier-'));
    });
    afterAll(async () => {
      await databases.close();
      await rm(root, { recursive: true });
    });
    beforeEach(async () => {
      await sql`TRUNCATE event, event_payload, event_batch, subject_key, event_verification, attention CASCADE`.execute(
        database.db,
      );
      files = new BatchDirectory(join(root, randomBytes(6).toString('hex')), keyring);
      const failed = (error: unknown) => {
        throw error;
      };
      sealer = new EventSealer({ database, files, failed });
    });

    const verifier = (turnMs?: number): EventVerifier =>
      new EventVerifier({
        database,
        files,
        subjectKeys: events.subjectKeys,
        rest: 0,
        ...(turnMs === undefined ? {} : { turnMs }),
      });
    const seal = async (batches = 1): Promise<string> => {
      let id = '';
      for (let i = 0; i < batches; i++) {
        id = await database.transaction((tx) =>
          events.record(tx, { kind: 'list.removed', subject: 'list:a', refs: { list: 'a' }, payload: { name: 'a' } }),
        );
        await sealer.seal();
      }
      return id;
    };
    const due = (part: string) =>
      sql`UPDATE event_verification SET next_at = now() WHERE part = ${part}`.execute(database.db);
    const open = async () =>
      (
        await sql<{ cause: string; count: number; detail: unknown }>`
          SELECT cause, count, detail FROM attention WHERE kind = 'audit-damaged' AND state <> 'resolved'
          ORDER BY cause`.execute(database.db)
      ).rows;
    const last = async () => {
      const passes = await lastPasses(database.db);
      return Object.fromEntries(passes.map(({ part, batch, found }) => [part, { batch, found }]));
    };
    /** Turns until nothing is due. @returns what each compared */
    const turns = async (each: EventVerifier): Promise<number[]> => {
      const compared: number[] = [];
      for (;;) {
        const batches = await each.turn(signal);
        if (batches === undefined) return compared;
        compared.push(batches);
      }
    };

    it('compares all that there is, then only what is new, until all is due again', async () => {
      await seal(3);
      const each = verifier();
      expect(await turns(each)).toEqual([3, 3]);
      expect(await last()).toEqual({ newest: { batch: 3, found: {} }, whole: { batch: 3, found: {} } });
      await seal(2);
      await due('newest');
      expect(await turns(each)).toEqual([2]);
      expect(await last()).toMatchObject({ newest: { batch: 5 }, whole: { batch: 3 } });
      await due('whole');
      expect(await turns(each)).toEqual([5]);
      expect(await open()).toEqual([]);
      const { verified } = await queueFigures(database.db);
      expect(verified).toEqual([
        { part: 'newest', at: expect.any(Number), faults: 0 },
        { part: 'whole', at: expect.any(Number), faults: 0 },
      ]);
    });

    it('goes on where it was, whichever process does the next turn', async () => {
      await seal(4);
      expect(await verifier(-1).turn(signal)).toBe(1);
      expect(await verifier(-1).turn(signal)).toBe(1);
      expect(await last()).toEqual({});
      expect(await verifier().turn(signal)).toBe(2);
      expect(await last()).toMatchObject({ newest: { batch: 4 } });
    });

    it('is done by one process at a time, and taken over from one that died', async () => {
      await seal(1);
      const both = await Promise.all([verifier(), verifier(), verifier()].map((each) => each.turn(signal)));
      // Two parts are due, so two of three have something to do.
      expect(both.filter((batches) => batches === 1)).toHaveLength(2);
      await due('newest');
      await sql`UPDATE event_verification SET leased_by = 'dead', leased_until = now() + interval '1 hour'
        WHERE part = 'newest'`.execute(database.db);
      expect(await verifier().turn(signal)).toBeUndefined();
      await sql`UPDATE event_verification SET leased_until = now() - interval '1 second' WHERE part = 'newest'`.execute(
        database.db,
      );
      expect(await verifier().turn(signal)).toBe(0);
    });

    it('puts what does not fit before people, by its kind, and settles it when a whole pass finds no more', async () => {
      await seal(2);
      const id = await seal();
      await sql`UPDATE event SET actor = 'nobody' WHERE id = ${id}`.execute(database.db);
      await turns(verifier());
      const detail = { found: 'event-altered', count: 1, batch: 3, event: id };
      expect(await open()).toEqual([{ cause: 'event-altered', count: 2, detail }]);
      expect((await queueFigures(database.db)).verified.map(({ faults }) => faults)).toEqual([1, 1]);
      await sql`UPDATE event SET actor = 'service' WHERE id = ${id}`.execute(database.db);
      await due('newest');
      await turns(verifier());
      expect(await open()).toHaveLength(1);
      await due('whole');
      await turns(verifier());
      expect(await open()).toEqual([]);
    });

    it('notices that what was verified last is another one or gone, also when the rest fits', async () => {
      await seal(3);
      await turns(verifier());
      await sql`DELETE FROM event_batch WHERE number = 3`.execute(database.db);
      await due('newest');
      await turns(verifier());
      expect((await open()).map(({ cause }) => cause)).toEqual(['chain-broken']);
    });

    it('tells of files that are missing and of those that nobody knows', async () => {
      await seal(3);
      const names = [];
      for await (const name of files.list()) names.push(join(files.path, pathOf(name)));
      const [one = '', two = ''] = names;
      await rename(one, two.replace(/\.[0-9a-f]{16}\./, '.0123456789abcdef.'));
      await turns(verifier());
      expect((await open()).map(({ cause, count }) => [cause, count])).toEqual([
        ['batch-file-missing', 2],
        ['batch-unknown', 1],
      ]);
    });

    it('takes an object store that is away for no fault, and gives the pass back', async () => {
      await seal(2);
      const away = new EventVerifier({
        database,
        files: Object.assign(Object.create(files) as BatchDirectory, {
          read: () => Promise.reject(new VigieError('store-unavailable')),
        }),
        subjectKeys: events.subjectKeys,
      });
      await expect(away.turn(signal)).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(await open()).toEqual([]);
      expect(await verifier().turn(signal)).toBe(2);
    });

    it('does not take an erasure in its middle for a fault', async () => {
      await seal(2);
      let erased = false;
      const subjectKeys: typeof events.subjectKeys = Object.assign(Object.create(events.subjectKeys), {
        find: async (...given: Parameters<typeof events.subjectKeys.find>) => {
          if (!erased) await database.transaction((tx) => events.erase(tx, 'list:a'));
          erased = true;
          return await events.subjectKeys.find(...given);
        },
      });
      await turns(new EventVerifier({ database, files, subjectKeys, rest: 0 }));
      expect(erased).toBe(true);
      expect(await open()).toEqual([]);
    });

    it('ends with the process', async () => {
      await seal(2);
      const stopped = AbortSignal.abort(new VigieError('shutting-down'));
      await expect(verifier().turn(stopped)).rejects.toMatchObject({ code: 'shutting-down' });
      expect(await verifier().turn(signal)).toBe(2);
    });
  });
});
