import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { VigieError } from '../../errors.js';
import { seeded } from '../../index/testing/random.js';
import { listAttention } from '../attention/attention-store.js';
import type { Database } from '../database.js';
import { Keyring } from '../keyring.js';
import type { Tx } from '../schema.js';
import type { Delivery, EffectKind } from './effect-kind.js';
import type { Outbox } from './outbox.js';
import { openOutbox } from './testing/open-outbox.js';

interface Payload {
  readonly n: number;
}
type Deliver = (payload: Payload, delivery: Delivery) => Promise<void>;

const kindOf = (deliver: Deliver, more: Partial<EffectKind<Payload>> = {}): EffectKind<Payload> => ({
  ...{ kind: 'test', schema: z.object({ n: z.number() }).strict(), deliver },
  ...more,
});

describe.each(DATABASES)('the outbox: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    const open: Outbox[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await Promise.all(open.splice(0).map((outbox) => outbox.close()));
      await sql`TRUNCATE outbox, attention RESTART IDENTITY CASCADE`.execute(database.db);
    });

    const outboxWith = (kind: EffectKind<Payload>, options: Parameters<typeof openOutbox>[1] = {}) => {
      const made = openOutbox(database, options);
      made.outbox.register(kind);
      open.push(made.outbox);
      return made;
    };
    const within = <T>(act: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(act);
    let keys = 0;
    const enqueue = (outbox: Outbox, subject: string, n: number): Promise<string | undefined> =>
      within((tx) => outbox.enqueue(tx, { kind: 'test', subject, idempotencyKey: `k${keys++}`, payload: { n } }));
    const states = async (): Promise<string[]> =>
      (await database.db.selectFrom('outbox').select('state').orderBy('position').execute()).map(({ state }) => state);
    const settled = (expected: readonly string[]): Promise<void> =>
      vi.waitFor(async () => expect(await states()).toEqual(expected), { timeout: 20_000, interval: 10 });
    const exhausted = async () => await listAttention(database.db, { kind: 'effect-exhausted', limit: 10 });

    it('delivers each effect at least once, effective once, in order, whatever fails', {
      timeout: 120_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          await sql`TRUNCATE outbox RESTART IDENTITY`.execute(database.db);
          const random = seeded(seed);
          const seen = new Set<string>();
          const effective = new Map<number, number[]>();
          const flying = new Set<number>();
          let overlaps = 0;
          const deliver: Deliver = async ({ n }, { idempotencyKey }) => {
            const subject = n % 6;
            if (flying.has(subject)) overlaps++;
            flying.add(subject);
            try {
              if (random() < 0.3) throw new VigieError('effect-failed', random() < 0.3 ? { retryAfter: 0 } : {});
              for (let turns = random() * 5; turns > 0; turns--) await turn();
              if (!seen.has(idempotencyKey)) effective.set(subject, [...(effective.get(subject) ?? []), n]);
              seen.add(idempotencyKey);
              // It was taken, and the answer was lost.
              if (random() < 0.2) throw new VigieError('effect-timeout');
            } finally {
              flying.delete(subject);
            }
          };
          const dispatchers = Array.from({ length: 3 }, () => outboxWith(kindOf(deliver)).outbox);
          for (const each of dispatchers) await each.start();
          await Promise.all(
            Array.from({ length: 90 }, (_, n) => enqueue(dispatchers[n % 3] as Outbox, `r${n % 2}/s${n % 6}`, n)),
          );
          await settled(Array(90).fill('delivered'));
          await Promise.all(dispatchers.map((each) => each.close()));
          expect(overlaps).toBe(0);
          const rows = await database.db
            .selectFrom('outbox')
            .select(['subject', 'idempotency_key'])
            .orderBy('position')
            .execute();
          for (const [subject, numbers] of effective) {
            const written = rows.filter((row) => row.subject.endsWith(`s${subject}`)).map((row) => row.idempotency_key);
            expect([...seen].filter((key) => written.includes(key))).toEqual(written);
            expect(numbers).toHaveLength(15);
          }
          expect(seen.size).toBe(90);
        }),
        { numRuns: 3 },
      );
    });

    it('writes an effect once for a key, and none of a transaction that is undone', async () => {
      const { outbox } = outboxWith(kindOf(async () => undefined));
      const draft = { kind: 'test', subject: 's', idempotencyKey: 'same', payload: { n: 1 } };
      const ids = await Promise.all(Array.from({ length: 10 }, () => within((tx) => outbox.enqueue(tx, draft))));
      expect(ids.filter((id) => id !== undefined)).toHaveLength(1);
      const undone = within(async (tx) => {
        await outbox.enqueue(tx, { ...draft, idempotencyKey: 'other' });
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(await states()).toEqual(['pending']);
      const wrong = within((tx) => outbox.enqueue(tx, { ...draft, payload: { n: 'secret text' } }));
      await expect(wrong).rejects.toThrow(/payload of test, n: invalid_type/);
      await expect(within((tx) => outbox.enqueue(tx, { ...draft, kind: 'none' }))).rejects.toMatchObject({
        code: 'effect-unknown',
      });
    });

    it('holds nothing of a payload in clear', async () => {
      const { outbox } = outboxWith(kindOf(async () => undefined));
      await enqueue(outbox, 's', 123_456_789);
      const { rows } = await sql<{ text: string }>`SELECT encode(sealed, 'escape') AS text FROM outbox`.execute(
        database.db,
      );
      expect(rows[0]?.text).not.toContain('123456789');
    });

    it('keeps the order of commits, also of a late one', async () => {
      const order: number[] = [];
      const { outbox } = outboxWith(kindOf(async ({ n }) => void order.push(n)));
      await outbox.start();
      let written: () => void = () => undefined;
      const first = new Promise<void>((resolve) => {
        written = resolve;
      });
      const second = first.then(() => enqueue(outbox, 's', 2));
      await within(async (tx) => {
        await outbox.enqueue(tx, { kind: 'test', subject: 's', idempotencyKey: `k${keys++}`, payload: { n: 1 } });
        written();
        // The second one is begun, and would be written first if it did not wait.
        await sql`SELECT pg_sleep(0.2)`.execute(tx);
      });
      await second;
      await settled(['delivered', 'delivered']);
      expect(order).toEqual([1, 2]);
    });

    it('holds back what stands behind an exhausted one until somebody retries or gives up', async () => {
      const taken: number[] = [];
      let broken = true;
      const deliver: Deliver = async ({ n }) => {
        if (broken && n !== 9) throw new VigieError('effect-failed');
        taken.push(n);
      };
      const { outbox, events } = outboxWith(kindOf(deliver), { plan: { attempts: 3 } });
      await outbox.start();
      const [first] = [
        await enqueue(outbox, 'hook/a', 1),
        await enqueue(outbox, 'hook/a', 2),
        await enqueue(outbox, 'other/a', 9),
      ];
      await settled(['exhausted', 'pending', 'delivered']);
      expect(taken).toEqual([9]);
      expect(await exhausted()).toMatchObject([
        {
          cause: 'test hook',
          subject: 'hook',
          count: 1,
          detail: { effect: first, error: 'effect-failed', attempts: 3 },
        },
      ]);
      expect(events).toMatchObject([
        { kind: 'effect.exhausted', refs: { effect: first, attempts: 3, error: 'effect-failed' } },
      ]);

      const given = await outbox.giveUp(first ?? '', 'ann', 'the receiver is gone');
      expect(given).toMatchObject({ state: 'given-up' });
      expect(await exhausted()).toEqual([]);
      await settled(['given-up', 'exhausted', 'delivered']);
      const [second] = await outbox.ls('exhausted', 10);
      broken = false;
      await outbox.retry(second?.id ?? '', 'ben');
      await settled(['given-up', 'delivered', 'delivered']);
      expect(taken).toEqual([9, 2]);
      expect(await exhausted()).toEqual([]);
      expect(events.map(({ kind, actor }) => `${kind} ${actor}`)).toEqual([
        'effect.exhausted service',
        'effect.given-up ann',
        'effect.exhausted service',
        'effect.retried ben',
      ]);
      await expect(outbox.retry(first ?? '', 'ann')).rejects.toMatchObject({ code: 'effect-not-waiting' });
      await expect(outbox.giveUp('none', 'ann', '')).rejects.toMatchObject({ code: 'effect-not-found' });
    });

    it('makes one attention of everything that one receiver does not take, settled by the last', async () => {
      let broken = true;
      const deliver: Deliver = async () => {
        if (broken) throw new VigieError('effect-refused');
      };
      const { outbox } = outboxWith(kindOf(deliver), { plan: { refusals: 2 } });
      await outbox.start();
      for (let n = 0; n < 5; n++) await enqueue(outbox, `hook/${n}`, n);
      await settled(Array(5).fill('exhausted'));
      expect(await exhausted()).toMatchObject([{ count: 5, detail: { attempts: 2, error: 'effect-refused' } }]);
      broken = false;
      const waiting = await outbox.ls('exhausted', 10);
      for (const { id } of waiting.slice(1)) await outbox.retry(id, 'ann');
      await vi.waitFor(async () => expect((await states()).filter((state) => state === 'delivered')).toHaveLength(4), {
        timeout: 10_000,
      });
      expect(await exhausted()).toHaveLength(1);
      await outbox.retry(waiting[0]?.id ?? '', 'ann');
      await settled(Array(5).fill('delivered'));
      expect(await exhausted()).toEqual([]);
    });

    it('asks again at delivery whether an effect is still wanted', async () => {
      let verdict: 'go' | { readonly drop: string } = 'go';
      const delivered: number[] = [];
      const check = async () => verdict;
      const { outbox, events } = outboxWith(kindOf(async ({ n }) => void delivered.push(n), { check }));
      await enqueue(outbox, 's', 1);
      verdict = { drop: 'entry-withdrawn' };
      await enqueue(outbox, 's', 2);
      await outbox.start();
      await settled(['dropped', 'dropped']);
      expect(delivered).toEqual([]);
      expect(events.map(({ refs }) => refs)).toMatchObject([
        { reason: 'entry-withdrawn' },
        { reason: 'entry-withdrawn' },
      ]);
    });

    it('reads what was sealed under a key that has been rotated, and says so of one that is lost', async () => {
      const [older, newer] = [randomBytes(32), randomBytes(32)];
      const got: number[] = [];
      const kind = kindOf(async ({ n }) => void got.push(n));
      const before = outboxWith(kind, { keyring: new Keyring([older], 'environment') });
      await enqueue(before.outbox, 's', 7);
      const lost = outboxWith(kind, { keyring: new Keyring([newer], 'environment'), plan: { attempts: 2 } });
      await lost.outbox.start();
      await settled(['exhausted']);
      expect(await exhausted()).toMatchObject([{ detail: { error: 'seal-key-wrong' } }]);
      await lost.outbox.close();
      const both = outboxWith(kind, { keyring: new Keyring([newer, older], 'environment') });
      await both.outbox.start();
      await both.outbox.retry((await both.outbox.ls('exhausted', 1))[0]?.id ?? '', 'ann');
      await settled(['delivered']);
      expect(got).toEqual([7]);
    });

    it('gives back what it cannot end when it closes, without an attempt lost', async () => {
      const begun: number[] = [];
      const hanging = outboxWith(
        kindOf(async ({ n }, { signal }) => {
          begun.push(n);
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }),
        { limits: { drain: 0 } },
      );
      await hanging.outbox.start();
      const id = await enqueue(hanging.outbox, 's', 1);
      await vi.waitFor(() => expect(begun).toEqual([1]));
      await expect(hanging.outbox.retry(id ?? '', 'ann')).rejects.toMatchObject({ code: 'effect-not-waiting' });
      await hanging.outbox.close();
      expect(await hanging.outbox.ls('pending', 1)).toMatchObject([{ attempts: 0, inFlight: false }]);
      const got: number[] = [];
      const next = outboxWith(kindOf(async ({ n }) => void got.push(n)));
      await next.outbox.start();
      await settled(['delivered']);
      expect(got).toEqual([1]);
    });

    it('lets no receiver that hangs keep the others waiting', async () => {
      const got: number[] = [];
      const { outbox } = outboxWith(
        kindOf(async ({ n }, { signal }) => {
          if (n >= 0) return void got.push(n);
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }),
        { limits: { places: 8, placesOfOne: 2, drain: 0 } },
      );
      for (let n = 1; n <= 20; n++) await enqueue(outbox, `hanging/${n}`, -n);
      for (let n = 1; n <= 20; n++) await enqueue(outbox, `good/${n}`, n);
      await outbox.start();
      await vi.waitFor(() => expect(got).toHaveLength(20), { timeout: 10_000 });
      await outbox.close();
    });

    it('forgets what was finished long ago, and brings up what nobody can deliver', async () => {
      const { outbox } = outboxWith(kindOf(async () => undefined));
      await outbox.start();
      await enqueue(outbox, 's', 1);
      await settled(['delivered']);
      await sql`UPDATE outbox SET finished_at = now() - interval '31 days'`.execute(database.db);
      const stranger = outboxWith(kindOf(async () => undefined, { kind: 'stranger' })).outbox;
      await within((tx) =>
        stranger.enqueue(tx, { kind: 'stranger', subject: 'x', idempotencyKey: 'x', payload: { n: 1 } }),
      );
      await outbox.sweep();
      expect(await states()).toEqual(['pending']);
      await sql`UPDATE outbox SET next_at = now() - interval '61 minutes'`.execute(database.db);
      await outbox.sweep();
      expect(await states()).toEqual(['exhausted']);
      expect(await exhausted()).toMatchObject([{ detail: { error: 'effect-unknown' } }]);
      expect(await outbox.counts()).toEqual({ pending: 0, exhausted: 1 });
    });
  });
});
