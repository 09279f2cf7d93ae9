import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coversConditions } from './condition-table.js';
import { type Finding, findingsOf, type VerdictContext } from './context.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { explain, type NumberedPolicy, propose } from './engine.js';
import { independentSignals } from './independent-signals.js';
import { readPolicy } from './read-policy.js';
import { arbitraryContext, arbitraryPolicy, arbitraryRules } from './testing/arbitrary-policy.js';
import { mostIndependent, naivelyProposed } from './testing/naive-policy.js';

const numbered = (source: string): NumberedPolicy => {
  const { policy } = readPolicy(source);
  if (policy === undefined) throw new Error('no policy');
  return { ...policy, number: 3 };
};

const context = (over: Partial<VerdictContext> = {}): VerdictContext => ({
  at: new Date('2026-05-01T00:00:00Z'),
  verdict: 'match',
  reason: null,
  findings: [],
  platform: 'here',
  surface: 'public',
  lane: 'live',
  room: 'plaza',
  account: 'somebody',
  jurisdiction: null,
  confirmedAt: [],
  score: null,
  ...over,
});

const medium = (over: Partial<Extract<Finding, { kind: 'medium' }>> = {}): Finding => ({
  ...{ kind: 'medium', medium: 0, list: 'hotline', entry: 'e', grade: 'A', signal: 'pdq', distance: 10 },
  ...{ view: 'as-is', extent: 'full', across: 'same-kind' },
  ...over,
});

it('proposes what a policy says, by a second and plainer reading of it', () => {
  let proposed = 0;
  fc.assert(
    fc.property(arbitraryPolicy, fc.array(arbitraryContext, { minLength: 1, maxLength: 8 }), (policy, contexts) => {
      for (const each of contexts) {
        const proposals = propose({ ...policy, number: 1 }, each);
        proposed += proposals.length;
        expect(proposals.map(({ act, rule, priority, needsPerson }) => ({ act, rule, priority, needsPerson }))).toEqual(
          naivelyProposed(policy, each),
        );
        expect(propose({ ...policy, number: 1 }, each)).toEqual(proposals);
      }
    }),
    { numRuns: 200 },
  );
  expect(proposed).toBeGreaterThan(50);
});

it('explains the rules that propose as matched, and for each other what did not hold', () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryContext, (policy, each) => {
      const rules = explain(policy, each);
      const matched = new Set(rules.filter(({ outcome }) => outcome === 'matched').map(({ rule }) => rule));
      for (const { rule } of propose({ ...policy, number: 1 }, each)) expect(matched).toContain(rule);
      for (const { outcome, conditions } of rules) {
        if (outcome === 'matched') expect(conditions.every(({ holds }) => holds)).toBe(true);
        if (outcome === 'not-matched') expect(conditions.some(({ holds }) => !holds)).toBe(true);
        if (outcome === 'not-reached') expect(conditions).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

it('calls a rule wider only if it matches whatever the other does', () => {
  let covering = 0;
  fc.assert(
    fc.property(arbitraryRules, fc.array(arbitraryContext, { minLength: 4, maxLength: 10 }), (rules, contexts) => {
      for (const [i, wide] of rules.entries()) {
        for (const narrow of rules.slice(i + 1)) {
          if (!coversConditions(wide.when, narrow.when)) continue;
          covering++;
          const of = (when: typeof wide.when) => ({
            rules: [{ name: 'r', line: 1, when, do: [], next: 'stop' as const }],
          });
          for (const each of contexts) {
            if (explain(of(narrow.when), each)[0]?.outcome !== 'matched') continue;
            expect(explain(of(wide.when), each)[0]?.outcome).toBe('matched');
          }
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(covering).toBeGreaterThan(40);
});

it('counts independent signals as trying all sets does', () => {
  fc.assert(
    fc.property(fc.array(arbitraryContext, { maxLength: 2 }), (contexts) => {
      const findings = contexts.flatMap((each) => each.findings);
      expect(independentSignals(findings)).toBe(mostIndependent(findings));
    }),
    { numRuns: 500 },
  );
});

it('removes, hides or opens a case by default, and touches no account and no room', () => {
  const policy = numbered(DEFAULT_POLICY);
  const acts = (over: Partial<VerdictContext>) =>
    propose(policy, context(over)).map(({ act, priority }) => (priority === undefined ? act : `${act} ${priority}`));
  const removed = ['remove', 'preserve', 'open-case 80'];
  const hidden = ['hide', 'preserve', 'open-case 60'];
  expect(acts({ findings: [medium({ signal: 'md5', distance: 0 })] })).toEqual(removed);
  expect(acts({ findings: [medium({ distance: 16 })] })).toEqual(removed);
  expect(acts({ findings: [medium({ distance: 17 })] })).toEqual(hidden);
  expect(acts({ findings: [medium({ distance: 31 })] })).toEqual(hidden);
  expect(acts({ findings: [medium({ grade: null, distance: 0 })] })).toEqual(hidden);
  expect(acts({ findings: [medium({ signal: 'photodna', distance: 3 })] })).toEqual(hidden);
  expect(acts({ findings: [medium({ distance: null })] })).toEqual(hidden);
  const link = (kind: 'exact' | 'host'): Finding => ({
    kind: 'link',
    list: 'urls',
    entry: 'u',
    grade: null,
    link: kind,
  });
  expect(acts({ findings: [link('exact')] })).toEqual(['remove', 'open-case 70']);
  expect(acts({ findings: [link('host')] })).toEqual(hidden);
  expect(acts({ verdict: 'could-not-tell', reason: 'media-damaged' })).toEqual(['open-case 20']);
  const keyword: Finding = { kind: 'keyword', list: 'words', entry: 'w', grade: null };
  expect(acts({ verdict: 'no-match', reason: 'nothing-known', findings: [keyword] })).toEqual(['open-case 30']);
  expect(acts({ verdict: 'no-match', reason: 'nothing-known' })).toEqual([]);
  const [remove] = propose(policy, context({ findings: [medium({ distance: 20, entry: 'far' }), medium()] }));
  expect(remove).toMatchObject({ entry: { list: 'hotline', entry: 'e' }, reason: 'known-medium', policyVersion: 3 });
  const partial = propose(policy, context({ findings: [medium({ extent: 'partial' })] }));
  expect(partial.map(({ act, needsPerson }) => [act, needsPerson])).toEqual([
    ['remove', true],
    ['preserve', false],
    ['open-case', false],
  ]);
});

it('refuses what no file may ask for, should a policy come another way', () => {
  const rule = { name: 'r', line: 1, do: [{ act: 'remove', needsPerson: false } as const], next: 'stop' as const };
  const of = (when: NumberedPolicy['rules'][number]['when']) => ({ number: 1, rules: [{ ...rule, when }] });
  const scored = context({ findings: [medium()], score: { value: 1, scorer: 'it/1' } });
  expect(propose(of({ 'score-at-least': 0.5 }), scored)).toEqual([]);
  const keyword: Finding = { kind: 'keyword', list: 'words', entry: 'w', grade: null };
  expect(propose(of({ found: ['keyword'] }), context({ findings: [keyword] }))).toEqual([]);
  expect(propose(of({}), context({ verdict: 'no-match', reason: 'nothing-known' }))).toEqual([]);
  expect(propose(of({}), context({ verdict: 'could-not-tell', reason: 'media-damaged' }))).toEqual([]);
});

it('takes nothing from media that do not match, nor from what has no effect', () => {
  const match = { version: 1, frame: null, quality: 90 };
  const found = { ...(medium() as Extract<Finding, { kind: 'medium' }>), ...match };
  const { kind: _kind, medium: _medium, ...stored } = found;
  const detail = {
    media: [
      {
        ordinal: 0,
        verdict: 'match' as const,
        matches: [stored],
        withoutEffect: [{ ...stored, shadow: true as const }],
      },
      { ordinal: 1, verdict: 'could-not-tell' as const, matches: [stored] },
    ],
  };
  expect(findingsOf(detail)).toEqual([medium()]);
});
