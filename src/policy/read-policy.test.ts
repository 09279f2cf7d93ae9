import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from './default-policy.js';
import { printPolicy } from './print-policy.js';
import { problemLines, readPolicy } from './read-policy.js';
import { arbitraryPolicy } from './testing/arbitrary-policy.js';

const withoutLines = (source: string) => readPolicy(source).policy?.rules.map(({ line: _line, ...rule }) => rule);

it('reads what it prints, and prints what it reads', () => {
  fc.assert(
    fc.property(arbitraryPolicy, (policy) => {
      const printed = printPolicy(policy);
      expect(withoutLines(printed)).toEqual(policy.rules.map(({ line: _line, ...rule }) => rule));
      const { policy: again } = readPolicy(printed);
      expect(again && printPolicy(again)).toBe(printed);
    }),
    { numRuns: 80 },
  );
});

it('reads the default policy, and knows where its rules stand', () => {
  const { policy } = readPolicy(DEFAULT_POLICY);
  const lines = DEFAULT_POLICY.split('\n');
  for (const { name, line } of policy?.rules ?? []) expect(lines[line - 1]).toBe(`  - name: ${name}`);
  expect(policy?.rules).toHaveLength(5);
});

it('takes a word for a list of one, and numbers where ids are meant', () => {
  const source = `policy: 1
rules:
  - name: a
    when: { verdict: match, room: [-1001234567890], grade: 1 }
    do: [remove]
`;
  expect(readPolicy(source).policy?.rules[0]?.when).toEqual({
    verdict: ['match'],
    room: ['-1001234567890'],
    grade: ['1'],
  });
});

/** Each says one wrong thing; `# !` marks the line where it stands, with what is said of it. */
const WRONG: Readonly<Record<string, string>> = {
  'a name twice': `
  - name: a
    when: { verdict: match, platform: x }
    do: [remove]
  - name: a # ! a rule of this name stands in line 3 already
    when: { verdict: match }
    do: [hide]`,
  'removing and hiding': `
  - name: a
    when: { verdict: match }
    do:
      - remove
      - hide # ! hide and remove exclude each other`,
  'an act twice': `
  - name: a
    when: { verdict: match }
    do:
      - remove
      - remove # ! remove stands here twice`,
  'a keyword that removes': `
  - name: a
    when: { found: keyword }
    do:
      - remove # ! keywords are for people`,
  'a score that hides': `
  - name: a
    when: { verdict: match, score-at-least: 0.9 }
    do:
      - open-case
      - hide # ! a score may open a case and nothing else`,
  'a removal for nothing': `
  - name: a
    when: { platform: x }
    do:
      - remove # ! remove needs something that was found`,
  'a removal of what could not be looked at': `
  - name: a
    when: { verdict: could-not-tell }
    do:
      - remove # ! remove needs something that was found`,
  'a sanction by one signal': `
  - name: a
    when: { verdict: match }
    do:
      - suspend-account # ! suspend-account needs a person`,
  'a room closed by one signal': `
  - name: a
    when: { verdict: match }
    do:
      - close-room: {} # ! close-room needs a person`,
  'a range upside down': `
  - name: a
    when:
      verdict: match
      distance: 31-17 # ! the range is upside down
    do: [remove]`,
  'a distance that means nothing': `
  - name: a
    when:
      verdict: match
      distance: 0-32 # ! beyond 31 differing bits
    do: [remove]`,
  'two units at once': `
  - name: a
    when:
      signal: [pdq, photodna]
      distance: 0-16 # ! PhotoDNA measures in another unit
    do: [remove]`,
  'a rule that is never reached': `
  - name: wide
    when: { verdict: [match, could-not-tell], distance: 0-16 }
    do: [hide]
  - name: narrow # ! never reached: the rule "wide" in line 3
    when: { verdict: match, distance: 0-8, platform: x }
    do: [remove]`,
  'a finding without a match': `
  - name: a
    when:
      verdict: no-match # ! this can never hold
      list: hotline
    do: [open-case]`,
  'a reason of a match': `
  - name: a
    when:
      verdict: match
      reason: media-damaged # ! a match has no reason
    do: [open-case]`,
  'a link with a distance': `
  - name: a
    when:
      link: exact
      distance: 0-16 # ! nothing is both
    do: [open-case]`,
  'what there is not': `
  - name: a
    when:
      verdict: match
      lists: x # ! there is no \`lists\`
    do: [remove]`,
  'another word': `
  - name: a
    when:
      verdict: matched # ! when.verdict: Invalid option
    do: [remove]`,
  'another act': `
  - name: a
    when: { verdict: match }
    do:
      - delete # ! there is no such act`,
  'a priority beyond': `
  - name: a
    when: { verdict: match }
    do:
      - open-case:
          priority: 101 # ! do.open-case.priority: Too big`,
  'nothing to do': `
  - name: a # ! do: write \`nothing\`, or a list
    when: { verdict: match }`,
  'no list of acts': `
  - name: a
    when: { verdict: match }
    do: remove # ! do: write \`nothing\`, or a list`,
  'a key twice': `
  - name: a
    when: { verdict: match }
    when: {} # ! Map keys must be unique
    do: [remove]`,
  'an alias': `
  - name: a
    when: &w { verdict: match }
    do: [remove]
  - name: b
    when: *w # ! aliases
    do: [hide]`,
  'no YAML': `
  - name: a
    when: { verdict: match
    do: [remove] # ! `,
};

describe('what is wrong is told with its line', () => {
  it.each(Object.entries(WRONG))('%s', (_name, rules) => {
    const source = `policy: 1\nrules:${rules}\n`;
    const marked = source.split('\n').findIndex((line) => line.includes('# !'));
    const text = source.split('\n')[marked]?.split('# ! ')[1] ?? '';
    const { problems } = readPolicy(source);
    expect(problems[0]?.line, problemLines(problems)).toBe(marked + 1);
    expect(problems[0]?.text).toContain(text);
    expect(problemLines(problems)).toMatch(/^policy\.yaml:\d+: /);
  });

  it('takes what is like it and right', () => {
    const { problems } = readPolicy(`policy: 1
rules:
  - { name: a, when: { verdict: match, platform: x }, do: [remove: { needs: person }, hide], then: continue }
  - { name: b, when: { verdict: match, platform: x }, do: [suspend-account: { needs: person }] }
  - { name: c, when: { independent-signals: 2 }, do: [suspend-account, close-room] }
  - { name: d, when: { signal: photodna, distance: 0-40000 }, do: [hide] }
  - { name: e, when: { verdict: could-not-tell, reason: media-damaged }, do: [hide, open-case: { priority: 1 }] }
  - { name: f, when: {}, do: nothing }
`);
    expect(problemLines(problems)).toBe('');
  });

  it.each([
    ['', 1],
    ['policy: 2\nrules: []\n', 1],
    ['[]', 1],
    ['- a', 1],
    ['policy: 1', 1],
    ['\0', 1],
  ])('%j is none', (source, line) => {
    expect(readPolicy(source).problems[0]?.line).toBe(line);
  });

  it('reads no text without an end, and is not led around by what is not YAML', () => {
    expect(readPolicy('a'.repeat(300_000)).problems).toHaveLength(1);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(readPolicy(text).policy).toBeUndefined();
        expect(
          readPolicy(DEFAULT_POLICY.slice(0, text.length * 5) + text).problems.every(({ line }) => line >= 1),
        ).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
