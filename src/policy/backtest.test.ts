import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Database } from '../storage/database.js';
import { randomId } from '../storage/random-id.js';
import type { VerdictRecord } from '../storage/verdicts/verdict-record.js';
import { VerdictStore } from '../storage/verdicts/verdict-store.js';
import { backtest } from './backtest.js';
import type { VerdictContext } from './context.js';
import { DEFAULT_POLICY } from './default-policy.js';
import type { Policy } from './policy.js';
import { readPolicy } from './read-policy.js';
import { arbitraryContext, arbitraryPolicy } from './testing/arbitrary-policy.js';
import { type NaiveProposal, naivelyProposed } from './testing/naive-policy.js';

const SEEN = 1_300;
const FROM = new Date('2026-04-28T12:00:00Z');
const UNTIL = new Date('2026-05-02T00:00:00Z');

type Seen = readonly [item: string, context: VerdictContext];

/** Stores what a context says as an item with its verdict. */
async function store(database: Database, verdicts: VerdictStore, context: VerdictContext, at: Date): Promise<Seen> {
  const { platform, surface, lane, room, jurisdiction, findings, score, verdict, reason } = context;
  const id = randomId();
  const account = context.account === null ? null : randomId();
  if (account !== null) {
    await sql`INSERT INTO account (id, platform, pseudonym) VALUES (${account}, ${platform}, ${Buffer.from(account)})`.execute(
      database.db,
    );
  }
  const row = { id, platform, platform_id: id, surface, lane, room, account_id: account };
  const sealed = new TextEncoder().encode(jurisdiction ?? '-');
  await database.db
    .insertInto('item')
    .values({ ...row, fingerprint: new Uint8Array(32), sealed })
    .execute();
  for (const [i, decided] of context.confirmedAt.entries()) {
    if (account === null) break;
    const earlier = randomId();
    await database.db
      .insertInto('item')
      .values({ ...row, id: earlier, platform_id: earlier, fingerprint: new Uint8Array(32), sealed })
      .execute();
    const about = { subject_kind: 'item', subject_id: earlier, platform, state: 'decided', priority: i } as const;
    const decision = { decision: 'confirmed', decided_by: 'p', decided_at: decided } as const;
    await database.db
      .insertInto('moderation_case')
      .values({
        ...{ id: randomId(), ...about, cause: 'c', item_id: earlier, verdict_id: null, opened_by: 'p', due: decided },
        ...decision,
      })
      .execute();
  }
  const media = [0, 1, 2].map((ordinal) => ({
    ordinal,
    verdict: 'match',
    matches: findings.flatMap((each) => (each.kind === 'medium' && each.medium === ordinal ? [each] : [])),
  }));
  const links = findings.flatMap((each) => (each.kind === 'link' ? [{ ...each, kind: each.link }] : []));
  const review = findings.filter(({ kind }) => kind === 'keyword');
  const record: VerdictRecord = {
    ...{ id: randomId(), itemId: id, medium: 0, verdict, reason, engine: 'test', appliedSeq: 1, node: 'here' },
    ...{ surface, milliseconds: 1, at },
    detail: { media, words: { links, review }, ...(score === null ? {} : { score }) },
  };
  const worse = { ...record, id: randomId(), verdict: 'could-not-tell' as const, reason: 'media-damaged' };
  // What was set aside and looked at again counts once.
  if (verdict !== 'could-not-tell' && lane === 'backfill') {
    await verdicts.write({ ...worse, at: new Date(at.getTime() - 1) });
  }
  await verdicts.write(record);
  return [id, { ...context, at, account, confirmedAt: account === null ? [] : context.confirmedAt }];
}

describe.each(DATABASES)('backtest: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let database: Database;
  openedBefore({ missing, start }, (made) => {
    database = made;
  });

  it('counts what both would have proposed, and names items that differ, as judging each by itself does', async () => {
    const verdicts = new VerdictStore({ database, gatherMs: 0 });
    const contexts = fc.sample(arbitraryContext, { numRuns: SEEN, seed: 7 });
    const moments = [FROM, new Date(UNTIL.getTime() - 1), ...contexts.map(({ at }) => at)];
    const seen = await Promise.all(contexts.map((each, i) => store(database, verdicts, each, moments[i] ?? each.at)));
    await store(database, verdicts, contexts[0] as VerdictContext, UNTIL);
    await store(database, verdicts, contexts[1] as VerdictContext, new Date(FROM.getTime() - 1));
    await verdicts.close();
    const { policy: normal } = readPolicy(DEFAULT_POLICY);
    const policies = [normal as Policy, ...fc.sample(arbitraryPolicy, { numRuns: 5, seed: 11 })];
    for (const [i, after] of policies.entries()) {
      const before = policies[(i + 1) % policies.length] as Policy;
      const report = await backtest({
        ...{ database, from: FROM, until: UNTIL, limit: 10_000 },
        before: { ...before, number: 1 },
        after: { ...after, number: 2 },
        jurisdictionOf: (_item, sealed) => {
          const text = new TextDecoder().decode(sealed);
          return text === '-' ? null : text;
        },
      });
      expect(report).toMatchObject({ looked: SEEN, truncated: false });
      expect(countsOf(report.before)).toEqual(naiveCounts(before, seen));
      expect(countsOf(report.after)).toEqual(naiveCounts(after, seen));
      expectDifferences(report, naiveDifferences(before, after, seen));
    }
  });

  it('stops at its limit and says so, and gives way', async () => {
    const { policy } = readPolicy(DEFAULT_POLICY);
    const same = { ...(policy as Policy), number: 1 };
    const options = { database, before: same, after: same, from: FROM, until: UNTIL, jurisdictionOf: () => null };
    expect(await backtest({ ...options, limit: 700 })).toMatchObject({ looked: 700, truncated: true, differing: 0 });
    expect(await backtest({ ...options, limit: SEEN })).toMatchObject({ looked: SEEN, truncated: false });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(backtest({ ...options, limit: 700, signal })).rejects.toThrow('enough');
    const nothing = { ...options, until: FROM, from: new Date('2020-01-01T00:00:00Z'), limit: 10 };
    expect(await backtest(nothing)).toMatchObject({ looked: 1, truncated: false });
  });
});

type Report = Awaited<ReturnType<typeof backtest>>;
type Counts = Readonly<Record<string, readonly [number, number]>>;

const countsOf = ({ rules, acts }: Report['before']): Counts =>
  Object.fromEntries([
    ...rules.map(({ rule, act, count, needsPerson }) => [`${rule}/${act}`, [count, needsPerson]] as const),
    ...acts.map(({ act, count, needsPerson }) => [act as string, [count, needsPerson]] as const),
  ]);

function naiveCounts(policy: Policy, seen: readonly Seen[]): Counts {
  const counts: Record<string, [number, number]> = {};
  for (const [, context] of seen) {
    for (const { act, rule, needsPerson } of naivelyProposed(policy, context)) {
      for (const key of [act, `${rule}/${act}`]) {
        const [count, person] = counts[key] ?? [0, 0];
        counts[key] = [count + 1, person + Number(needsPerson)];
      }
    }
  }
  return counts;
}

/** By change and act the items. */
function naiveDifferences(
  before: Policy,
  after: Policy,
  seen: readonly Seen[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [item, context] of seen) {
    const by = (policy: Policy) => new Map(naivelyProposed(policy, context).map((each) => [each.act, each]));
    const [was, is] = [by(before), by(after)];
    for (const act of new Set([...was.keys(), ...is.keys()])) {
      const change = changeOf(was.get(act), is.get(act));
      if (change !== undefined) found.set(`${change}/${act}`, [...(found.get(`${change}/${act}`) ?? []), item]);
    }
  }
  return found;
}

function changeOf(old: NaiveProposal | undefined, now: NaiveProposal | undefined): string | undefined {
  if (old === undefined) return 'only-after';
  if (now === undefined) return 'only-before';
  return old.needsPerson === now.needsPerson && old.priority === now.priority ? undefined : 'otherwise';
}

function expectDifferences({ differences, differing }: Report, expected: ReadonlyMap<string, readonly string[]>): void {
  expect(new Map(differences.map(({ change, act, count }) => [`${change}/${act}`, count]))).toEqual(
    new Map([...expected].map(([key, items]) => [key, items.length])),
  );
  for (const { change, act, items, count } of differences) {
    expect(items).toHaveLength(Math.min(20, count));
    for (const item of items) expect(expected.get(`${change}/${act}`)).toContain(item);
  }
  expect(differing).toBe(new Set([...expected.values()].flat()).size);
}
