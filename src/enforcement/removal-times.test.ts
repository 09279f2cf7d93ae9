/** How long removals took, against the same counted by hand; and lists of cases in pages. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Database } from '../storage/database.js';
import { listCases, openCase } from '../storage/enforcement/case-store.js';
import { readRemovalTimes, STAGES } from '../storage/enforcement/removal-times.js';
import { randomId } from '../storage/random-id.js';
import { clearEnforcement } from './testing/open-enforcement.js';

const HOUR = 3_600_000;

describe.each(DATABASES)('how long it took: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => await clearEnforcement(database));

    /** @param parts milliseconds of each stage; null for one whose begin nobody knows */
    const removal = (endedAgo: number, parts: readonly number[], more: object = {}) => {
      const ends = Date.now() - endedAgo;
      const back = (from: number) => new Date(ends - parts.slice(from).reduce((sum, part) => sum + part, 0));
      const times = { seen_at: back(0), fetched_at: back(1), verdict_at: back(2), ordered_at: back(3) };
      return {
        ...({ id: randomId(), act: 'remove', platform: 'here', subject_kind: 'item', subject_id: randomId() } as const),
        ...({ rule: 'exact', reason: 'known', state: 'confirmed', outcome: 'done', ordered_by: 'policy' } as const),
        ...{ ...times, ended_at: new Date(ends) },
        ...more,
      };
    };
    const put = async (rows: readonly ReturnType<typeof removal>[]) =>
      await database.db
        .insertInto('action')
        .values([...rows])
        .execute();

    it('tells what half and all but one in a hundred took, of what rules removed in the time', async () => {
      const took = Array.from({ length: 150 }, (_, i) => [i, 300 - 2 * i, (i * 7) % 40, (i * i) % 500]);
      await put(took.map((parts, i) => removal(i * 1_000, parts)));
      await put([
        removal(0, [90_000, 1, 1, 1], { state: 'confirmed', dry_run: true }),
        removal(0, [90_000, 1, 1, 1], { ordered_by: 'anna' }),
        removal(0, [90_000, 1, 1, 1], { outcome: 'already' }),
        removal(0, [90_000, 1, 1, 1], { act: 'notify-room' }),
        removal(0, [90_000, 1, 1, 1], { platform: 'there' }),
        removal(30 * HOUR, [90_000, 1, 1, 1]),
        removal(0, [5, 5, 5, 5], { seen_at: null }),
      ]);
      const times = await readRemovalTimes(database.db, 'here', 24);
      const all = [...took, [Number.NaN, 5, 5, 5]];
      for (const [at, [stage]] of STAGES.entries()) {
        const whole = stage === 'whole';
        const known = all
          .map((parts) => (whole ? parts.reduce((sum, part) => sum + part, 0) : (parts[at] ?? 0)) / 1_000)
          .filter((each) => !Number.isNaN(each))
          .sort((a, b) => a - b);
        const nearest = (share: number) => expect.closeTo(known[Math.ceil(share * known.length) - 1] ?? 0, 6);
        expect(times[stage], stage).toEqual({ count: known.length, p50: nearest(0.5), p99: nearest(0.99) });
      }
      expect((await readRemovalTimes(database.db, 'here', 168)).whole.count).toBe(151);
      const none = { count: 0, p50: null, p99: null };
      expect((await readRemovalTimes(database.db, 'nowhere', 24)).whole).toEqual(none);
    });

    it('gives cases in pages: each once, in the order of the list, also when one is decided between two', async () => {
      const draft = { cause: 'reported', itemId: null, verdictId: null, openedBy: 'policy', dueInMs: HOUR };
      await database.transaction(async (tx) => {
        for (let i = 0; i < 13; i++) {
          const subject = { platform: 'here', kind: 'room', id: `room-${i}` } as const;
          await openCase(tx, { ...draft, subject, priority: [50, 80, 20][i % 3] ?? 0 });
        }
      });
      const all = await listCases(database.db, { state: 'open', limit: 50 });
      expect(all.map(({ priority }) => priority)).toEqual([
        ...Array(4).fill(80),
        ...Array(5).fill(50),
        ...Array(4).fill(20),
      ]);
      const walk = async (state: 'open' | 'decided', between: (last: string) => Promise<void> = async () => {}) => {
        const seen: string[] = [];
        for (let after: string | undefined; ; ) {
          const page = await listCases(database.db, { state, limit: 4, after });
          seen.push(...page.map(({ id }) => id));
          after = page.at(-1)?.id;
          if (after === undefined || page.length < 4) return seen;
          await between(after);
        }
      };
      const decide = async (id: string) => {
        const set = { state: 'decided', decision: 'dismissed', decided_by: 'anna', decided_at: new Date() } as const;
        await database.db.updateTable('moderation_case').set(set).where('id', '=', id).execute();
      };
      const ids = all.map(({ id }) => id);
      expect(await walk('open', decide)).toEqual(ids);
      for (const id of ids) await decide(id);
      expect(await walk('decided')).toEqual(
        (await listCases(database.db, { state: 'decided', limit: 50 })).map(({ id }) => id),
      );
    });
  });
});
