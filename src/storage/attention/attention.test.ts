import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import type { Database } from '../database.js';
import { Events } from '../events/events.js';
import { Keyring } from '../keyring.js';
import type { Tx } from '../schema.js';
import { Attentions } from './attentions.js';
import { type AttentionDraft, raiseAttention, settleAttention } from './raise-attention.js';

describe.each(DATABASES)('attention: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let attentions: Attentions;
    let requeued: string[] = [];
    let joining: string | undefined;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeAll(async () => {
      attentions = new Attentions({
        database,
        record: new Events(new Keyring([randomBytes(32)], 'environment')).record,
        requeue: async (tx, items) => {
          requeued.push(...items);
          if (joining === undefined) return;
          const late = joining;
          joining = undefined;
          await tx
            .insertInto('attention_backlog')
            .values({ attention_id: late, item_id: 'late', at: sql<Date>`clock_timestamp() + interval '1 second'` })
            .execute();
        },
      });
    });
    beforeEach(async () => {
      requeued = [];
      await sql`TRUNCATE attention, event CASCADE`.execute(database.db);
    });

    const within = <T>(act: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(act);
    const raise = (draft: Partial<AttentionDraft> = {}): Promise<string> =>
      within((tx) =>
        raiseAttention(tx, { kind: 'could-not-tell', cause: 'media-damaged', subject: 'service', ...draft }),
      );
    const settle = (cause: string): Promise<boolean> =>
      within((tx) => settleAttention(tx, { kind: 'could-not-tell', cause }, 'service'));

    it('makes one of fifty at once, and loses neither count nor item', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 4 }), async (causes) => {
          await sql`TRUNCATE attention CASCADE`.execute(database.db);
          const ids = await Promise.all(
            Array.from({ length: 50 * causes }, (_, i) =>
              raise({ cause: `c${i % causes}`, items: [`i${i}`, 'shared'] }),
            ),
          );
          expect(new Set(ids).size).toBe(causes);
          const open = await attentions.ls({ limit: 100 });
          expect(open.map(({ count, backlog, state }) => [count, backlog, state])).toEqual(
            Array.from({ length: causes }, () => [50, 51, 'open']),
          );
        }),
        { numRuns: 3 },
      );
    });

    it('makes a new one after the old one was resolved, also while others raise it', async () => {
      const first = await raise({ cause: 'outage' });
      expect(await settle('outage')).toBe(true);
      expect(await settle('outage')).toBe(false);
      const second = await raise({ cause: 'outage' });
      expect(second).not.toBe(first);
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? settle('outage') : raise({ cause: 'outage' }))),
      );
      const { rows } = await sql<{ counted: number; open: number }>`
        SELECT sum(count)::int AS counted, (count(*) FILTER (WHERE state <> 'resolved'))::int AS open FROM attention
      `.execute(database.db);
      expect(rows[0]?.counted).toBe(32);
      expect(rows[0]?.open).toBeLessThanOrEqual(1);
    });

    it('leaves with a transaction that is undone', async () => {
      await expect(
        within(async (tx) => {
          await raiseAttention(tx, { kind: 'clock-off', cause: 'c', subject: 'service' });
          throw new Error('undone');
        }),
      ).rejects.toThrow('undone');
      expect(await attentions.ls({ limit: 10 })).toEqual([]);
    });

    it('shows the most urgent first, and what is overdue', async () => {
      await raise({ cause: 'slow' });
      await raise({ kind: 'disk-low', cause: 'late', dueInMs: -1 });
      await raise({ kind: 'disk-low', cause: 'soon', dueInMs: 60_000 });
      await raise({ cause: 'slow', dueInMs: 1_000, detail: { code: 'media-damaged' } });
      const all = await attentions.ls({ limit: 10 });
      expect(all.map(({ cause, overdue }) => [cause, overdue])).toEqual([
        ['late', true],
        ['slow', false],
        ['soon', false],
      ]);
      expect(all[1]).toMatchObject({
        title: 'Items could not be looked at',
        count: 2,
        detail: { code: 'media-damaged' },
      });
      expect((await attentions.ls({ overdue: true, limit: 10 })).map(({ cause }) => cause)).toEqual(['late']);
      expect((await attentions.ls({ kind: 'disk-low', limit: 1 })).map(({ cause }) => cause)).toEqual(['late']);
      expect(Object.fromEntries(await attentions.counts())).toEqual({ 'could-not-tell': 1, 'disk-low': 2 });
    });

    it('is acknowledged and resolved by somebody, each an event, once', async () => {
      const id = await raise();
      expect(await attentions.acknowledge(id, 'ann', 'looking')).toMatchObject({
        state: 'acknowledged',
        note: 'looking',
      });
      expect(await raise()).toBe(id);
      expect(await attentions.show(id)).toMatchObject({ state: 'acknowledged', count: 2, changedBy: 'ann' });
      expect(await attentions.resolve(id, 'ben')).toMatchObject({
        state: 'resolved',
        note: 'looking',
        changedBy: 'ben',
      });
      expect(await attentions.resolve(id, 'eve')).toMatchObject({ changedBy: 'ben' });
      const events = await database.db.selectFrom('event').select(['kind', 'actor']).orderBy('xid').execute();
      expect(events.map(({ kind, actor }) => [kind, actor])).toEqual([
        ['attention.acknowledged', 'ann'],
        ['attention.resolved', 'ben'],
      ]);
      expect((await attentions.ls({ state: 'resolved', limit: 10 })).map((each) => each.id)).toEqual([id]);
      const acts = [
        () => attentions.show('none'),
        () => attentions.resolve('none', 'a'),
        () => attentions.replay('none', 'a'),
      ];
      for (const act of acts) {
        await expect(act()).rejects.toMatchObject({ code: 'attention-not-found' });
      }
    });

    it('hands a whole backlog over, once, and is resolved by it', async () => {
      const items = Array.from({ length: 2_500 }, (_, i) => `item-${i}`);
      const id = await raise({ items });
      expect(await settle('media-damaged')).toBe(false);
      const counts = await Promise.all([attentions.replay(id, 'ann'), attentions.replay(id, 'ben')]);
      expect(counts[0] + counts[1]).toBe(2_500);
      expect([...requeued].sort()).toEqual([...items].sort());
      expect(await attentions.show(id)).toMatchObject({ state: 'resolved', backlog: 0 });
    });

    it('stays open for items that join while it is replayed', async () => {
      const id = await raise({ items: ['a', 'b'] });
      joining = id;
      expect(await attentions.replay(id, 'ann')).toBe(2);
      expect(await attentions.show(id)).toMatchObject({ state: 'open', backlog: 1 });
    });

    it('replays what was resolved with its backlog', async () => {
      const id = await raise({ items: ['a'] });
      await attentions.resolve(id, 'ann');
      expect(await attentions.replay(id, 'ann')).toBe(1);
      expect(requeued).toEqual(['a']);
    });

    it('forgets what was resolved long ago, and nothing that has a backlog', async () => {
      const ids = await Promise.all([
        raise({ cause: 'a' }),
        raise({ cause: 'b', items: ['i'] }),
        raise({ cause: 'c' }),
      ]);
      for (const id of ids) await attentions.resolve(id, 'ann');
      await sql`UPDATE attention SET resolved_at = now() - interval '91 days' WHERE cause <> 'c'`.execute(database.db);
      expect(await attentions.sweep()).toBe(1);
      expect((await attentions.ls({ state: 'resolved', limit: 9 })).map(({ cause }) => cause).sort()).toEqual([
        'b',
        'c',
      ]);
    });
  });
});
