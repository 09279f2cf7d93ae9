import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { VigieError } from '../errors.js';
import { listAttention } from '../storage/attention/attention-store.js';
import type { Database } from '../storage/database.js';
import { setEntryStatus } from '../storage/entry-status-store.js';
import { markGone } from '../storage/items/item-rows.js';
import { ACTION_PLAN } from './action-plan.js';
import type { Order, Outcome } from './acts.js';
import {
  addItem,
  addList,
  addPlatform,
  clearEnforcement,
  enforce,
  judged,
  MANY,
  openEnforcement,
  proposal,
  type TestEnforcement,
} from './testing/open-enforcement.js';

describe.each(DATABASES)('the enforcer: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let listId: string;
    const open: TestEnforcement[] = [];
    const orders: Order[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await Promise.all(open.splice(0).map(({ outbox }) => outbox.close()));
      orders.length = 0;
      await clearEnforcement(database);
      await addPlatform(database);
      listId = await addList(database);
    });

    const enforcement = (
      act: (order: Order) => Promise<Outcome> = async () => 'done',
      options: Partial<Parameters<typeof openEnforcement>[1]> = {},
    ) => {
      const recording = async (_platform: string, order: Order) => {
        orders.push(order);
        return await act(order);
      };
      const made = openEnforcement(database, { act: recording, ...options });
      open.push(made);
      return made;
    };
    const state = (id: string, expected: string) =>
      vi.waitFor(
        async () => {
          const row = await database.db.selectFrom('action').selectAll().where('id', '=', id).executeTakeFirst();
          expect(row?.state).toBe(expected);
          return row;
        },
        { timeout: 20_000, interval: 10 },
      );
    const withdraw = (status: 'withdrawn' | 'disputed') =>
      database.transaction((tx) =>
        setEntryStatus(tx, { listId, entryIds: ['e1'], origin: 'person', status, reason: null, changedBy: null }),
      );
    const only = <T>(all: readonly T[]): T => {
      expect(all).toHaveLength(1);
      return all[0] as T;
    };

    it('does what a rule proposes, once, and names the target as the platform does', async () => {
      const { enforcer, outbox } = enforcement();
      const item = judged(await addItem(database, { account: 'a1' }), { accountId: 'a1' });
      const { id } = only(await enforce(database, enforcer, item, [proposal({ message: 'It was removed.' })]));
      expect(await enforce(database, enforcer, item, [proposal()])).toEqual([]);
      await outbox.start();
      const action = await state(id, 'confirmed');
      expect(action).toMatchObject({ outcome: 'done', ordered_by: 'policy', list_id: listId, entry_id: 'e1' });
      expect(only(orders)).toMatchObject({
        id,
        act: 'remove',
        message: 'It was removed.',
        target: { item: `message ${item.id}`, room: 'hall', account: 'name of a1', media: [{ ref: null }] },
      });
      expect(await enforce(database, enforcer, judged(item.id), [proposal()])).toEqual([]);
    });

    it('leaves nothing on a platform that it does not know, and sends nothing of a rehearsal', async () => {
      const { enforcer, outbox } = enforcement();
      const elsewhere = judged(await addItem(database, { platform: 'elsewhere' }), { platform: 'elsewhere' });
      expect(await enforce(database, enforcer, elsewhere, [proposal()])).toEqual([]);
      await database.db.updateTable('platform').set({ dry_run: true }).execute();
      const item = judged(await addItem(database));
      const { id } = only(await enforce(database, enforcer, item, [proposal()]));
      await outbox.start();
      expect(await state(id, 'confirmed')).toMatchObject({ dry_run: true });
      expect(orders).toEqual([]);
      expect(await enforce(database, enforcer, judged(item.id), [proposal()])).toEqual([]);
      await database.db.updateTable('platform').set({ dry_run: false }).execute();
      const real = only(await enforce(database, enforcer, judged(item.id), [proposal()]));
      await state(real.id, 'confirmed');
      expect(orders).toHaveLength(1);
    });

    it('is shown page by page, also what was written at one moment', async () => {
      const { enforcer } = enforcement();
      const items: ReturnType<typeof judged>[] = [];
      for (let i = 0; i < 5; i++) items.push(judged(await addItem(database)));
      await database.transaction(async (tx) => {
        for (const item of items) await enforcer.enforce(tx, item, [proposal()]);
      });
      const shown: string[] = [];
      for (let before: string | undefined; ; ) {
        const page = await enforcer.ls({ limit: 2, before });
        shown.push(...page.map(({ subject_id: id }) => id));
        before = page.at(-1)?.id;
        if (page.length < 2) break;
      }
      expect(shown.sort()).toEqual(items.map(({ id }) => id).sort());
    });

    it('makes few cases of an outage, and none of what is looked at again', async () => {
      const { enforcer, cases } = enforcement();
      const untold = [proposal({ act: 'open-case', reason: 'could-not-tell', entry: null, priority: 20 })];
      const items: string[] = [];
      for (let i = 0; i < 60; i++) items.push(await addItem(database));
      for (const id of items) await enforce(database, enforcer, judged(id, { media: [] }), untold);
      const opened = await cases.ls({ state: 'open', limit: 100 });
      expect(opened.map(({ item_id: id }) => id).sort()).toEqual(items.slice(0, 50).sort());
      const [reported, ...others] = items as [string, ...string[]];
      await database.transaction(async (tx) => {
        const subject = { platform: 'here', kind: 'item', id: reported } as const;
        const about = { itemId: reported, verdictId: null, reports: 1, priority: 60, by: 'policy' };
        await cases.open(tx, { subject, cause: 'reported', ...about });
      });
      await database.transaction((tx) => cases.lookedAtAgain(tx, [reported, ...others.slice(0, 30)]));
      const left = await cases.ls({ state: 'open', limit: 100 });
      expect(left.map(({ item_id: id }) => id).sort()).toEqual([reported, ...others.slice(30, 49)].sort());
      const [last] = items.slice(-1);
      await enforce(database, enforcer, judged(last ?? '', { media: [] }), untold);
      expect(await cases.ls({ state: 'open', limit: 100 })).toHaveLength(left.length + 1);
    });

    it('holds and drops as things stand when it is written', async () => {
      const { enforcer } = enforcement(undefined, { holdAbove: { ...MANY, entry: 2 } });
      const next = async (more: Parameters<typeof proposal>[0] = {}) =>
        only(await enforce(database, enforcer, judged(await addItem(database)), [proposal(more)]));
      expect(await next({ needsPerson: true })).toMatchObject({ state: 'proposed', held_by: 'person' });
      expect(await next()).toMatchObject({ state: 'ordered' });
      expect(await next()).toMatchObject({ state: 'ordered' });
      expect(await next()).toMatchObject({ state: 'proposed', held_by: 'rate' });
      await withdraw('disputed');
      expect(await next()).toMatchObject({ state: 'proposed', held_by: 'disputed' });
      await withdraw('withdrawn');
      expect(await next()).toMatchObject({ state: 'dropped', outcome: 'entry-withdrawn' });
      const gone = await addItem(database);
      await markGone(database.db, 'here', [`message ${gone}`]);
      const late = proposal({ entry: { list: 'known', entry: 'e2' } });
      expect(only(await enforce(database, enforcer, judged(gone), [late]))).toMatchObject({
        state: 'confirmed',
        outcome: 'already',
      });
      await database.db.updateTable('list').set({ shadow: true }).execute();
      expect(only(await enforce(database, enforcer, judged(await addItem(database)), [late]))).toMatchObject({
        state: 'dropped',
        outcome: 'list-without-effect',
      });
    });

    it.each(['withdrawn', 'disputed'] as const)('drops what waits when its entry is %s', async (status) => {
      const { enforcer, outbox } = enforcement();
      const { id } = only(await enforce(database, enforcer, judged(await addItem(database)), [proposal()]));
      await withdraw(status);
      await outbox.start();
      await state(id, 'dropped');
      expect(orders).toEqual([]);
      expect(await listAttention(database.db, { kind: 'action-dropped', limit: 5 })).toHaveLength(1);
    });

    it('takes what its author has removed meanwhile for done', async () => {
      const { enforcer, outbox } = enforcement();
      const item = await addItem(database);
      const { id } = only(await enforce(database, enforcer, judged(item), [proposal()]));
      await markGone(database.db, 'here', [`message ${item}`]);
      await outbox.start();
      expect(await state(id, 'confirmed')).toMatchObject({ outcome: 'already' });
      expect(orders).toEqual([]);
    });

    it('waits for what a platform confirms later, and keeps what is behind it until then', async () => {
      const { enforcer, outbox } = enforcement(
        async () => {
          throw new VigieError('act-awaited', { retryAfter: 3_600 });
        },
        { plan: { ...ACTION_PLAN, base: 1, attempts: 2 } },
      );
      const items = [judged(await addItem(database)), judged(await addItem(database))] as const;
      const [first, refused] = [
        only(await enforce(database, enforcer, items[0], [proposal()])),
        only(await enforce(database, enforcer, items[1], [proposal()])),
      ];
      const awaited = { code: 'act-not-awaited' };
      await expect(enforcer.confirm(first.id, 'done')).rejects.toMatchObject(awaited);
      await expect(enforcer.confirm('nothing', 'done')).rejects.toMatchObject({ code: 'action-not-found' });
      await outbox.start();
      for (const { id } of [first, refused]) {
        await vi.waitFor(async () => expect((await enforcer.show(id)).last_error).toBe('act-awaited'), {
          timeout: 20_000,
        });
      }
      expect(await enforcer.confirm(first.id, 'done')).toMatchObject({ state: 'confirmed', outcome: 'done' });
      expect(await enforcer.confirm(first.id, 'done')).toMatchObject({ state: 'confirmed' });
      await expect(enforcer.confirm(first.id, 'refused')).rejects.toMatchObject(awaited);
      expect(await enforcer.confirm(refused.id, 'refused')).toMatchObject({ state: 'failed', outcome: 'act-refused' });
      expect(await listAttention(database.db, { kind: 'action-failed', limit: 5 })).toHaveLength(1);
      expect(await enforcer.confirm(refused.id, 'already')).toMatchObject({ state: 'confirmed', outcome: 'already' });
      expect(await listAttention(database.db, { kind: 'action-failed', limit: 5 })).toEqual([]);
      expect(await outbox.counts()).toEqual({ pending: 0, exhausted: 0 });
      expect(orders).toHaveLength(2);
    });

    it('delivers only to platforms that this process holds', async () => {
      await addPlatform(database, 'there');
      const { enforcer, outbox } = enforcement();
      const there = judged(await addItem(database, { platform: 'there' }), { platform: 'there' });
      const far = only(await enforce(database, enforcer, there, [proposal()]));
      const near = only(await enforce(database, enforcer, judged(await addItem(database)), [proposal()]));
      await outbox.start();
      await state(near.id, 'confirmed');
      expect(orders.map(({ id }) => id)).toEqual([near.id]);
      const other = enforcement(undefined, { held: () => ['there'] });
      await other.outbox.start();
      await state(far.id, 'confirmed');
    });

    it.each(['act-refused', 'act-too-late', 'act-unsupported'] as const)(
      'asks a person after the first %s, who tries again or gives up',
      async (code) => {
        let refuses = true;
        const { enforcer, outbox } = enforcement(async () => {
          if (refuses) throw new VigieError(code);
          return 'done';
        });
        await outbox.start();
        const all = [];
        for (let i = 0; i < 2; i++) {
          all.push(only(await enforce(database, enforcer, judged(await addItem(database)), [proposal()])));
        }
        const [first, second] = all.map(({ id }) => id) as [string, string];
        expect(await state(first, 'failed')).toMatchObject({ outcome: code });
        await state(second, 'failed');
        expect(orders).toHaveLength(2);
        const [attention] = await listAttention(database.db, { kind: 'action-failed', limit: 5 });
        expect(attention).toMatchObject({ count: 2, subject: 'platform:here' });
        refuses = false;
        await enforcer.retry(first, 'anna');
        await state(first, 'confirmed');
        await enforcer.giveUp(second, 'anna', 'done by hand');
        await state(second, 'given-up');
        await vi.waitFor(async () =>
          expect(await listAttention(database.db, { kind: 'action-failed', limit: 5 })).toEqual([]),
        );
        await expect(enforcer.retry(first, 'anna')).rejects.toMatchObject({ code: 'action-not-waiting' });
      },
    );

    it('tries again whatever is said, until it is confirmed', async () => {
      let attempts = 0;
      const { enforcer, outbox } = enforcement(async () => {
        attempts++;
        if (attempts < 3) throw new VigieError(attempts === 1 ? 'act-unconfirmed' : 'platform-busy', { retryAfter: 0 });
        return 'done';
      });
      await outbox.start();
      const { id } = only(await enforce(database, enforcer, judged(await addItem(database)), [proposal()]));
      await state(id, 'confirmed');
      expect(new Set(orders.map((order) => order.id))).toEqual(new Set([id]));
      expect(orders).toHaveLength(3);
    });

    it('lets a person order what waits, or refuse it, each once', async () => {
      const { enforcer, outbox } = enforcement();
      await outbox.start();
      const waits = async () =>
        only(await enforce(database, enforcer, judged(await addItem(database)), [proposal({ needsPerson: true })]));
      const [first, second] = [await waits(), await waits()];
      await enforcer.approve(first.id, 'anna', 'it is');
      expect(await state(first.id, 'confirmed')).toMatchObject({ ordered_by: 'anna' });
      await enforcer.refuse(second.id, 'anna', 'it is not');
      await expect(enforcer.approve(second.id, 'ben', 'x')).rejects.toMatchObject({ code: 'action-not-waiting' });
      await withdraw('withdrawn');
      const third = only(
        await enforce(database, enforcer, judged(await addItem(database)), [
          proposal({ needsPerson: true, entry: { list: 'known', entry: 'e2' } }),
        ]),
      );
      await database.transaction((tx) =>
        setEntryStatus(tx, {
          ...{ listId, entryIds: ['e2'], origin: 'source', status: 'inactive', reason: null, changedBy: null },
        }),
      );
      await expect(enforcer.approve(third.id, 'anna', 'x')).rejects.toMatchObject({ code: 'action-unwanted' });
    });

    it('opens one case a subject, and the higher priority stands', async () => {
      const { enforcer, cases } = enforcement();
      const item = judged(await addItem(database));
      const open20 = proposal({ act: 'open-case', priority: 20 });
      await enforce(database, enforcer, item, [open20, proposal({ act: 'open-case', priority: 90 }), proposal()]);
      await enforce(database, enforcer, judged(item.id), [open20]);
      const found = await cases.ls({ state: 'open', limit: 5 });
      expect(only(found)).toMatchObject({ priority: 90, subject_id: item.id, cause: 'known-material' });
      expect(await enforcer.ls({ itemId: item.id, limit: 5 })).toMatchObject([{ case_id: only(found).id }]);
    });
  });
});
