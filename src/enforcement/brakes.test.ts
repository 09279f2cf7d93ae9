import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { VigieError } from '../errors.js';
import { seeded } from '../index/testing/random.js';
import { listAttention } from '../storage/attention/attention-store.js';
import type { Database } from '../storage/database.js';
import { setEntryStatus } from '../storage/entry-status-store.js';
import type { Order, Outcome } from './acts.js';
import { Brakes } from './brakes.js';
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

describe.each(DATABASES)('the brakes: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let listId: string;
    const open: TestEnforcement[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    const begin = async () => {
      await Promise.all(open.splice(0).map(({ outbox }) => outbox.close()));
      await clearEnforcement(database);
      await addPlatform(database);
      listId = await addList(database);
    };
    beforeEach(begin);

    const opened = (act: (order: Order, signal: AbortSignal) => Promise<Outcome>, poll = 20) => {
      const made = openEnforcement(
        database,
        { act: (_platform, order, signal) => act(order, signal), timeLimit: 500 },
        { limits: { poll } },
      );
      open.push(made);
      const { outbox, enforcer, recorder } = made;
      const brakes = new Brakes({
        ...{ database, outbox, enforcer, record: recorder.record, alarmAbove: { ...MANY, entry: 3 } },
        accountId: async (_platform, account) => (account === 'somebody' ? 'a1' : undefined),
      });
      return { ...made, brakes };
    };
    const actions = async () =>
      await database.db
        .selectFrom('action')
        .select(['id', 'state', 'held_by', 'outcome'])
        .orderBy('proposed_at')
        .execute();
    const post = async (enforcer: TestEnforcement['enforcer'], entry = 'e1') =>
      (
        await enforce(
          database,
          enforcer,
          judged(await addItem(database), { media: [{ ordinal: 0, matches: [{ list: 'known', entry }] }] }),
          [proposal({ entry: { list: 'known', entry } })],
        )
      )[0]?.id ?? '';
    const setStatus = (entry: string, status: 'withdrawn' | 'active') =>
      database.transaction((tx) =>
        setEntryStatus(tx, { listId, entryIds: [entry], origin: 'person', status, reason: null, changedBy: null }),
      );

    it('takes back what was ordered and holds what comes, until it is lifted', async () => {
      const { enforcer, outbox, brakes } = opened(async () => 'done');
      await post(enforcer);
      expect(await brakes.stop('here', 'too many', 'anna')).toBe(1);
      expect(await brakes.stop('here', 'again', 'ben')).toBe(0);
      const second = await post(enforcer);
      await outbox.start();
      expect((await actions()).map(({ state, held_by: by }) => [state, by])).toEqual(
        Array(2).fill(['proposed', 'stop']),
      );
      await expect(enforcer.approve(second, 'anna', 'x')).rejects.toMatchObject({ code: 'enforcement-stopped' });
      expect(await brakes.stop(undefined, 'all', 'anna')).toBe(0);
      await brakes.lift('here', 'anna', false);
      await expect(enforcer.approve(second, 'anna', 'x')).rejects.toMatchObject({ code: 'enforcement-stopped' });
      expect(await listAttention(database.db, { kind: 'enforcement-stopped', limit: 5 })).toHaveLength(1);
      expect(await brakes.lift(undefined, 'anna', true)).toBe(2);
      await vi.waitFor(
        async () => expect((await actions()).map(({ state }) => state)).toEqual(Array(2).fill('confirmed')),
        {
          timeout: 20_000,
        },
      );
      await expect(brakes.lift(undefined, 'anna', true)).rejects.toMatchObject({ code: 'enforcement-not-stopped' });
      expect(await brakes.stops(10)).toHaveLength(2);
    });

    it('orders again what no other stop holds', async () => {
      const { enforcer, brakes } = opened(async () => 'done');
      await addPlatform(database, 'there');
      await post(enforcer);
      await enforce(database, enforcer, judged(await addItem(database, { platform: 'there' }), { platform: 'there' }), [
        proposal(),
      ]);
      await brakes.stop('here', 'x', 'anna');
      await brakes.stop(undefined, 'x', 'anna');
      expect(await brakes.lift(undefined, 'anna', true)).toBe(1);
      expect((await actions()).map(({ state }) => state)).toEqual(['proposed', 'ordered']);
      expect(await brakes.lift('here', 'anna', true)).toBe(1);
    });

    it('stops an order that is tried again, at its next attempt on any node', async () => {
      let stopped = false;
      let after = 0;
      const { enforcer, outbox, brakes } = opened(async () => {
        if (stopped) after++;
        throw new VigieError('platform-unreachable');
      });
      await outbox.start();
      await post(enforcer);
      await vi.waitFor(
        async () =>
          expect(await database.db.selectFrom('outbox').select('id').where('attempts', '>', 2).execute()).toHaveLength(
            1,
          ),
        { timeout: 20_000 },
      );
      await brakes.stop(undefined, 'x', 'anna');
      await vi.waitFor(async () => expect(await actions()).toMatchObject([{ state: 'proposed', held_by: 'stop' }]), {
        timeout: 20_000,
        interval: 10,
      });
      stopped = true;
      await vi.waitFor(async () => expect(await outbox.counts()).toMatchObject({ pending: 0 }));
      expect(after).toBe(0);
    });

    it('exempts a room or a known author until an end, from rules and not from people', async () => {
      const { enforcer, brakes } = opened(async () => 'done');
      const until = new Date(Date.now() + 3_600_000);
      const room = { platform: 'here', kind: 'room', subject: 'hall', reason: 'a museum', until } as const;
      const granted = await brakes.exempt(room, 'anna');
      const id = await post(enforcer);
      expect(await actions()).toMatchObject([{ state: 'proposed', held_by: 'exemption' }]);
      expect(await enforcer.approve(id, 'anna', 'all the same')).toMatchObject({ state: 'ordered' });
      await brakes.endExemption(granted.id, 'anna');
      await expect(brakes.endExemption(granted.id, 'anna')).rejects.toMatchObject({ code: 'exemption-not-found' });
      await post(enforcer);
      expect((await actions())[1]).toMatchObject({ state: 'ordered' });
      for (const wrong of [
        { ...room, until: new Date(Date.now() - 1) },
        { ...room, until: new Date(Date.now() + 400 * 86_400_000) },
        { ...room, kind: 'account', subject: 'nobody' } as const,
      ]) {
        await expect(brakes.exempt(wrong, 'anna')).rejects.toMatchObject({ code: 'exemption-invalid' });
      }
      expect(await brakes.exempt({ ...room, kind: 'account', subject: 'somebody' }, 'anna')).toMatchObject({
        subject_id: 'a1',
      });
    });

    it('tells once an hour of unusually many, of what waits, and of what was done for an entry that is doubted since', async () => {
      const { enforcer, outbox, brakes } = opened(async () => 'done');
      await outbox.start();
      for (let i = 0; i < 5; i++) await post(enforcer);
      await vi.waitFor(async () => expect((await actions()).every(({ state }) => state === 'confirmed')).toBe(true), {
        timeout: 20_000,
      });
      await setStatus('e1', 'withdrawn');
      for (let i = 0; i < 3; i++) await brakes.look();
      const told = await listAttention(database.db, { limit: 20 });
      expect(told.map(({ kind, count }) => [kind, count]).sort()).toEqual([
        ['acted-on-withdrawn', 1],
        ['removal-rate', 1],
      ]);
      expect(told.find(({ kind }) => kind === 'acted-on-withdrawn')?.detail).toMatchObject({ count: 5, entry: 'e1' });
    });

    it('never sends what is stopped or withdrawn, and confirms all else once, whatever happens meanwhile', {
      timeout: 180_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          await begin();
          const random = seeded(seed);
          const off = { stopped: false, withdrawn: new Set<string>() };
          const entryOf = new Map<string, string>();
          const wrong: string[] = [];
          const confirmed = new Map<string, number>();
          const act = async ({ id }: Order, signal: AbortSignal): Promise<Outcome> => {
            // What the test has seen committed before the last look of the delivery must hold.
            if (off.stopped) wrong.push(`${id} while stopped`);
            if (off.withdrawn.has(entryOf.get(id) ?? '')) wrong.push(`${id} withdrawn`);
            const die = random();
            if (die < 0.2) throw new VigieError(die < 0.1 ? 'platform-unreachable' : 'act-unconfirmed');
            if (die < 0.25) await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
            confirmed.set(id, (confirmed.get(id) ?? 0) + 1);
            return die < 0.4 ? 'already' : 'done';
          };
          const nodes = [opened(act, 5), opened(act, 5)] as const;
          for (const { outbox } of nodes) await outbox.start();
          const [{ enforcer, brakes, outbox }] = nodes;
          for (let step = 0; step < 30; step++) {
            const die = random();
            const entry = `e${Math.floor(random() * 4)}`;
            if (die < 0.6) entryOf.set(await post(enforcer, entry), entry);
            else if (die < 0.7) {
              await quiet(outbox, () => brakes.stop(undefined, 'x', 'anna'));
              off.stopped = true;
              await new Promise((resolve) => setTimeout(resolve, 20));
              off.stopped = false;
              await brakes.lift(undefined, 'anna', true);
            } else if (die < 0.8) {
              await quiet(outbox, () => setStatus(entry, 'withdrawn'));
              off.withdrawn.add(entry);
            }
          }
          await vi.waitFor(
            async () => expect((await actions()).filter(({ state }) => state === 'ordered')).toEqual([]),
            {
              timeout: 60_000,
              interval: 20,
            },
          );
          expect(wrong).toEqual([]);
          for (const { id, state } of await actions()) {
            if (state === 'confirmed') expect(confirmed.get(id)).toBeGreaterThanOrEqual(1);
            else expect(['dropped', 'proposed']).toContain(state);
          }
          const events = await database.db
            .selectFrom('event')
            .select('refs')
            .where('kind', '=', 'action.confirmed')
            .execute();
          const ids = events.map(({ refs }) => (refs as { action: string }).action).filter((id) => entryOf.has(id));
          expect(new Set(ids).size).toBe(ids.length);
        }),
        { numRuns: 3 },
      );
    });
  });
});

/** Does something, and waits until what was being sent before has come back. */
async function quiet(outbox: TestEnforcement['outbox'], act: () => Promise<unknown>): Promise<void> {
  await act();
  await vi.waitFor(
    async () => expect((await outbox.ls('pending', 500)).filter(({ inFlight }) => inFlight)).toEqual([]),
    { timeout: 30_000, interval: 5 },
  );
}
