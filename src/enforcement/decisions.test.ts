import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { VigieError } from '../errors.js';
import { listAttention } from '../storage/attention/attention-store.js';
import type { Database } from '../storage/database.js';
import { setEntryStatus } from '../storage/entry-status-store.js';
import type { Order } from './acts.js';
import { Decisions } from './decisions.js';
import {
  addItem,
  addList,
  addPlatform,
  clearEnforcement,
  enforce,
  judged,
  noteMedia,
  openEnforcement,
  proposal,
  type TestEnforcement,
} from './testing/open-enforcement.js';

describe.each(DATABASES)('decisions: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let listId: string;
    let open: TestEnforcement | undefined;
    const orders: Order[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await open?.outbox.close();
      orders.length = 0;
      await clearEnforcement(database);
      await addPlatform(database);
      listId = await addList(database);
    });

    const opened = (unsupported: readonly string[] = [], meanwhile = async (_order: Order) => {}) => {
      open = openEnforcement(database, {
        act: async (_platform, order) => {
          orders.push(order);
          await meanwhile(order);
          if (unsupported.includes(order.act)) throw new VigieError('act-unsupported');
          return 'done';
        },
      });
      const { cases, enforcer, recorder } = open;
      const decisions = new Decisions({
        ...{ database, cases, enforcer, record: recorder.record },
        dispute: async ({ listId: list, entryId }, reason, by) => {
          const change = { origin: 'person', status: 'disputed', reason, changedBy: by } as const;
          await database.transaction((tx) => setEntryStatus(tx, { listId: list, entryIds: [entryId], ...change }));
        },
      });
      return { ...open, decisions };
    };
    const done = (count: number) =>
      vi.waitFor(
        async () => {
          const rows = await database.db.selectFrom('action').select(['id', 'state', 'act', 'subject_id']).execute();
          expect(rows.filter(({ state }) => state === 'ordered')).toEqual([]);
          expect(orders).toHaveLength(count);
        },
        { timeout: 20_000, interval: 10 },
      );
    const acted = (act: string) =>
      orders
        .filter((order) => order.act === act)
        .map(({ target }) => target.item)
        .sort();

    it('reaches every copy and every match of the entry, and no other medium of the item', async () => {
      const { enforcer, cases, outbox, decisions } = opened();
      const [picture, logo] = [randomBytes(32), randomBytes(32)];
      const matched = { ordinal: 0, matches: [{ list: 'known', entry: 'e1' }] };
      const items = await Promise.all(Array.from({ length: 5 }, () => addItem(database)));
      const [first, copy, sameEntry, sameLogo, sibling] = items as [string, string, string, string, string];
      const waits = [proposal({ needsPerson: true }), proposal({ act: 'open-case', priority: 70 })];
      await noteMedia(database, first, [picture, logo]);
      await noteMedia(database, copy, [randomBytes(32), randomBytes(32), randomBytes(32), picture]);
      await noteMedia(database, sameEntry, [randomBytes(32)]);
      await noteMedia(database, sameLogo, [logo]);
      const both = [matched, { ordinal: 1, matches: [] }];
      await enforce(database, enforcer, judged(first, { media: both }), waits);
      await enforce(database, enforcer, judged(sameEntry, { media: [matched] }), [proposal({ act: 'hide' })]);
      await outbox.start();
      await done(1);
      const [opened1] = await cases.ls({ state: 'open', limit: 5 });
      const id = opened1?.id ?? '';
      const { consequences } = await decisions.decideCase(id, 'confirmed', { by: 'anna', reason: 'it is' });
      expect(consequences).toEqual({ ordered: 3, dropped: 0 });
      await done(4);
      const named = (ids: readonly string[]) => ids.map((each) => `message ${each}`).sort();
      expect(acted('remove')).toEqual(named([first, copy, sameEntry]));
      expect(acted('remove')).not.toContain(`message ${sibling}`);
      const again = await decisions.decideCase(id, 'confirmed', { by: 'anna', reason: 'it is' });
      expect(again.consequences).toEqual({ ordered: 0, dropped: 0 });
      await expect(decisions.decideCase(id, 'dismissed', { by: 'ben', reason: 'no' })).rejects.toMatchObject({
        code: 'case-decided',
      });
    });

    it('takes siblings of an album along when it is asked to', async () => {
      const { outbox, decisions } = opened();
      const [first, second] = [await addItem(database, { album: 'a' }), await addItem(database, { album: 'a' })];
      await addItem(database, { album: 'b' });
      await outbox.start();
      expect(await decisions.confirm(first, { by: 'anna', reason: 'x', siblings: true })).toBe(2);
      await done(2);
      expect(acted('remove')).toEqual([`message ${first}`, `message ${second}`].sort());
    });

    it('undoes what rests on an entry: restores, drops what waits, disputes the entry, and holds it from then on', async () => {
      const { enforcer, outbox, decisions } = opened();
      const put = async (needsPerson = false) =>
        await enforce(database, enforcer, judged(await addItem(database)), [proposal({ needsPerson })]);
      const removed = [...(await put()), ...(await put())];
      await outbox.start();
      await done(2);
      await put(true);
      const consequences = await decisions.undoEntry({ listId, entryId: 'e1' }, { by: 'anna', reason: 'a meme' });
      expect(consequences).toEqual({ ordered: 2, dropped: 1 });
      await done(4);
      expect(acted('restore')).toEqual(acted('remove'));
      const [again] = await enforce(database, enforcer, judged(removed[0]?.subject_id ?? ''), [proposal()]);
      expect(again).toMatchObject({ state: 'proposed', held_by: 'undone', round: 2 });
      const [other] = await put();
      expect(other).toMatchObject({ state: 'proposed', held_by: 'disputed' });
      const repeated = await decisions.undoEntry({ listId, entryId: 'e1' }, { by: 'anna', reason: 'a meme' });
      expect(repeated).toEqual({ ordered: 0, dropped: 2 });
    });

    it('tells the author where the platform cannot bring it back, and undoes copies of one action', async () => {
      const { enforcer, outbox, decisions } = opened(['restore']);
      const media = [{ ordinal: 0, matches: [{ list: 'known', entry: 'e1' }] }];
      const [item, copy] = [await addItem(database), await addItem(database)];
      const picture = randomBytes(32);
      for (const each of [item, copy]) await noteMedia(database, each, [picture]);
      const [action] = await enforce(database, enforcer, judged(item, { media }), [proposal()]);
      await enforce(database, enforcer, judged(copy, { media }), [proposal({ act: 'hide' })]);
      await outbox.start();
      await done(2);
      await decisions.undoAction(action?.id ?? '', { by: 'anna', reason: 'no', dispute: false });
      await done(6);
      expect(acted('notify-author')).toEqual([`message ${item}`, `message ${copy}`].sort());
      expect(orders.find(({ act }) => act === 'notify-author')?.message).toMatch(
        /by mistake, and cannot be brought back/,
      );
      expect(await database.db.selectFrom('entry_status').selectAll().execute()).toEqual([]);
    });

    it('does not send again what was undone while it was being sent, and failed', async () => {
      const undoing: (() => Promise<unknown>)[] = [];
      const { enforcer, outbox, decisions } = opened([], async ({ act, id }) => {
        if (act !== 'remove') return;
        await undoing.shift()?.();
        expect(id).toBe(action?.id);
        throw new VigieError('platform-unreachable');
      });
      const [action] = await enforce(database, enforcer, judged(await addItem(database)), [proposal()]);
      undoing.push(() => decisions.undoAction(action?.id ?? '', { by: 'anna', reason: 'no', dispute: false }));
      await outbox.start();
      await done(2);
      expect(orders.map(({ act }) => act)).toEqual(['remove', 'restore']);
    });

    it('settles what was told of a failure when it is undone', async () => {
      const { enforcer, outbox, decisions } = opened(['remove']);
      const [action] = await enforce(database, enforcer, judged(await addItem(database)), [proposal()]);
      const told = async () => (await listAttention(database.db, { kind: 'action-failed', limit: 5 })).length;
      await outbox.start();
      await vi.waitFor(async () => expect(await told()).toBe(1), { timeout: 20_000, interval: 10 });
      await decisions.undoAction(action?.id ?? '', { by: 'anna', reason: 'no', dispute: false });
      expect(await told()).toBe(0);
    });

    it('undoes what is dismissed', async () => {
      const { enforcer, outbox, cases, decisions } = opened();
      const item = await addItem(database);
      await enforce(database, enforcer, judged(item), [proposal({ act: 'hide' }), proposal({ act: 'open-case' })]);
      await outbox.start();
      await done(1);
      const [found] = await cases.ls({ state: 'open', limit: 5 });
      await decisions.decideCase(found?.id ?? '', 'dismissed', { by: 'anna', reason: 'a cat' });
      await done(2);
      expect(acted('restore')).toEqual([`message ${item}`]);
    });
  });
});
