import fc from 'fast-check';
import { SIGNAL_TYPE_NAMES } from '../../signals/signal-type.js';
import type { Finding, VerdictContext } from '../context.js';
import { contradictionsOf } from '../contradictions.js';
import type { Conditions, Policy, Rule, RuleAct } from '../policy.js';
import { PROPOSALS } from '../proposal.js';

/** Few different values, so that rules and contexts often meet. */
const LISTS = ['hotline', 'other'];
const GRADES = ['a', 'b1'];
const REASONS = ['nothing-known', 'media-damaged'];
const PLATFORMS = ['here', 'there'];
const ROOMS = ['-100123', 'plaza'];
const NOW = Date.UTC(2026, 4, 1);
const DAY_MS = 86_400_000;

const some = <T extends string>(words: readonly T[]) =>
  fc.subarray([...words], { minLength: 1 }).map((all) => [...all].sort());
const range = (most: number) =>
  fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

const conditions: fc.Arbitrary<Conditions> = fc
  .record(
    {
      verdict: some(['match', 'no-match', 'could-not-tell'] as const),
      reason: some(REASONS),
      platform: some(PLATFORMS),
      surface: some(['public', 'private'] as const),
      lane: some(['live', 'backfill'] as const),
      room: some(ROOMS),
      jurisdiction: some(['US', 'US-CA', 'DE']),
      'author-confirmed': fc.record({ times: fc.integer({ min: 1, max: 3 }), days: fc.integer({ min: 1, max: 60 }) }),
      'score-at-least': fc.constantFrom(0.5, 0.9),
      found: some(['medium', 'link', 'keyword'] as const),
      list: some(LISTS),
      grade: fc.oneof(fc.constantFrom('any' as const, 'none' as const), some(GRADES)),
      signal: some(SIGNAL_TYPE_NAMES),
      distance: range(31),
      view: some(['as-is', 'turned', 'negative', 'part'] as const),
      extent: some(['full', 'partial'] as const),
      across: some(['same-kind', 'frame-of-video', 'picture-in-video'] as const),
      link: some(['exact', 'prefix', 'host'] as const),
      'independent-signals': fc.constantFrom(2, 3),
    },
    { requiredKeys: [] },
  )
  // Few at a time: what asks for everything matches nothing.
  .chain((all) =>
    fc.subarray(Object.entries(all), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as Conditions),
  );

const act: fc.Arbitrary<RuleAct> = fc.constantFrom(...PROPOSALS).chain((name) =>
  fc.boolean().chain((needsPerson): fc.Arbitrary<RuleAct> => {
    if (name === 'open-case') return fc.nat(100).map((priority) => ({ act: name, priority, needsPerson: false }));
    if (name !== 'notify-author' && name !== 'notify-room') return fc.constant({ act: name, needsPerson });
    const message = fc.constantFrom(undefined, 'It was removed.', "- it's: [removed] # so", 'null');
    return message.map((text) => ({ act: name, ...(text === undefined ? {} : { message: text }), needsPerson }));
  }),
);

const rule: fc.Arbitrary<Omit<Rule, 'name' | 'line'>> = fc.record({
  when: conditions,
  do: fc.uniqueArray(act, { maxLength: 4, selector: ({ act: name }) => name }),
  next: fc.constantFrom('stop' as const, 'continue' as const),
});

/** Policies that a file may hold: rules that contradict themselves or are never reached are left out. */
export const arbitraryPolicy: fc.Arbitrary<Policy> = fc
  .array(rule, { minLength: 1, maxLength: 8 })
  .map((rules) => ({ rules: rules.map((each, i) => ({ ...each, name: `rule-${i}`, line: 0 })) }))
  .map(({ rules }) => {
    const kept: Rule[] = [];
    for (const each of rules) {
      if (contradictionsOf({ rules: [...kept, each] }).length === 0) kept.push(each);
    }
    return { rules: kept };
  })
  .filter(({ rules }) => rules.length > 0);

/** Rules that nobody has judged. */
export const arbitraryRules: fc.Arbitrary<readonly Omit<Rule, 'name' | 'line'>[]> = fc.array(rule, {
  minLength: 1,
  maxLength: 5,
});

const known = {
  list: fc.constantFrom(...LISTS),
  entry: fc.constantFrom('e1', 'e2', 'e3'),
  grade: fc.constantFrom(null, 'A', 'b1', 'C'),
};

const finding: fc.Arbitrary<Finding> = fc.oneof(
  fc.record({
    ...known,
    kind: fc.constant('medium' as const),
    medium: fc.nat(2),
    signal: fc.constantFrom(...SIGNAL_TYPE_NAMES),
    distance: fc.option(fc.nat(40)),
    view: fc.constantFrom('as-is', 'flipY', 'negative', 'negative+flipY', 'trimmed', 'trimmed+negative+rotate90'),
    extent: fc.constantFrom('full' as const, 'full' as const, 'partial' as const),
    across: fc.constantFrom('same-kind' as const, 'frame-of-video' as const, 'picture-in-video' as const),
  }),
  fc.record({
    ...known,
    kind: fc.constant('link' as const),
    link: fc.constantFrom('exact' as const, 'prefix' as const, 'host' as const),
  }),
  fc.record({ ...known, kind: fc.constant('keyword' as const) }),
);

/** Contexts as verdicts give them: a match has findings that match, others have keywords at the most. */
export const arbitraryContext: fc.Arbitrary<VerdictContext> = fc
  .record({
    verdict: fc.constantFrom('match' as const, 'match' as const, 'no-match' as const, 'could-not-tell' as const),
    reason: fc.constantFrom(...REASONS),
    findings: fc.array(finding, { minLength: 1, maxLength: 5 }),
    platform: fc.constantFrom(...PLATFORMS),
    surface: fc.constantFrom('public' as const, 'private' as const),
    lane: fc.constantFrom('live' as const, 'backfill' as const),
    room: fc.constantFrom(null, ...ROOMS),
    account: fc.constantFrom(null, 'account'),
    jurisdiction: fc.constantFrom(null, 'DE', 'US', 'US-CA', 'US-NY'),
    confirmedAt: fc.array(
      fc.nat(70).map((days) => new Date(NOW - days * DAY_MS)),
      { maxLength: 4 },
    ),
    score: fc.option(fc.record({ value: fc.double({ min: 0, max: 1, noNaN: true }), scorer: fc.constant('it/1') })),
  })
  .map((context) => {
    const keywords = context.findings.filter(({ kind }) => kind === 'keyword');
    const matching = keywords.length < context.findings.length;
    const verdict = context.verdict === 'match' && !matching ? 'no-match' : context.verdict;
    const whole = { ...context, verdict, at: new Date(NOW) };
    return verdict === 'match' ? { ...whole, reason: null } : { ...whole, findings: keywords };
  });
