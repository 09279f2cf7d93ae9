/** What is said of policies on the terminal. */
import { VigieError } from '../errors.js';
import { colour, minuteOf, printable, table } from './output.js';

export interface Problem {
  readonly line: number;
  readonly text: string;
}

export interface PolicyAnswer {
  readonly number: number;
  readonly state: 'draft' | 'active' | 'retired';
  readonly note: string;
  readonly createdBy: string;
  readonly created: string;
  readonly activated: string | null;
}

export interface DiffAnswer {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly rule: string; readonly before: string; readonly after: string }[];
  readonly reordered: boolean;
}

interface Counted {
  readonly act: string;
  readonly count: number;
  readonly needsPerson: number;
}

interface Counts {
  readonly acts: readonly Counted[];
}

export interface BacktestAnswer {
  readonly from: string;
  readonly against: number;
  readonly looked: number;
  readonly truncated: boolean;
  readonly differing: number;
  readonly before: Counts;
  readonly after: Counts;
  readonly differences: readonly {
    readonly act: string;
    readonly change: 'only-before' | 'only-after' | 'otherwise';
    readonly count: number;
    readonly items: readonly string[];
  }[];
}

export interface ExplainAnswer {
  readonly rules: readonly {
    readonly rule: string;
    readonly line: number;
    readonly outcome: 'matched' | 'not-matched' | 'not-reached';
    readonly conditions: readonly {
      readonly condition: string;
      readonly wanted: unknown;
      readonly found: string;
      readonly holds: boolean;
    }[];
  }[];
  readonly proposals: readonly { readonly act: string; readonly rule: string; readonly needsPerson: boolean }[];
}

const count = (value: number): string => value.toLocaleString('en');
const day = (iso: string | null): string => (iso === null ? '' : minuteOf(iso));

/** @throws VigieError `policy-not-found` */
export function activeOf(policies: readonly PolicyAnswer[]): number {
  const active = policies.find(({ state }) => state === 'active');
  if (active === undefined) throw new VigieError('policy-not-found');
  return active.number;
}

export function policyRow({ number, state, note, createdBy, created, activated }: PolicyAnswer): string[] {
  const shown = state === 'active' ? colour.green(state) : colour.dim(state);
  return [String(number), shown, printable(note), printable(createdBy), day(created), day(activated)];
}

export function diffInWords({ added, removed, changed, reordered }: DiffAnswer): string {
  const indented = (text: string, sign: string) => text.split('\n').map((line) => `${sign} ${line}`);
  const lines = [
    ...added.map((rule) => colour.green(`+ ${rule}`)),
    ...removed.map((rule) => colour.red(`- ${rule}`)),
    ...changed.flatMap(({ rule, before, after }) => [
      `${rule}:`,
      ...indented(before, colour.red('-')),
      ...indented(after, colour.green('+')),
    ]),
    ...(reordered ? ['The rules are asked in another order.'] : []),
  ];
  return lines.length === 0 ? 'They say the same.' : lines.join('\n');
}

export function backtestInWords(report: BacktestAnswer): string {
  const { looked, truncated, from, against, differing, before, after, differences } = report;
  const acts = [...new Set([...before.acts, ...after.acts].map(({ act }) => act))];
  const of = ({ acts: all }: Counts, act: string) => {
    const found = all.find((each) => each.act === act);
    if (found === undefined) return '0';
    return found.needsPerson === 0
      ? count(found.count)
      : `${count(found.count)} (${count(found.needsPerson)} by a person)`;
  };
  const more = truncated ? '; there are more, see --limit' : '';
  const changes = { 'only-before': 'no longer', 'only-after': 'new', otherwise: 'otherwise' };
  return [
    `${count(looked)} verdicts since ${day(from)}${more}. For ${count(differing)} items other acts than by version ${against}.`,
    ...(acts.length === 0
      ? []
      : [
          table(
            ['act', `version ${against}`, 'this one'],
            acts.map((act) => [act, of(before, act), of(after, act)]),
          ),
        ]),
    ...differences.map(({ act, change, count: times, items }) => {
      return `${changes[change]}: ${act}, ${count(times)} times, such as ${items.slice(0, 3).join(', ')}`;
    }),
  ].join('\n');
}

export function explainInWords({ rules, proposals }: ExplainAnswer): string {
  const marks = {
    matched: colour.green('matched'),
    'not-matched': 'not matched',
    'not-reached': colour.dim('not reached'),
  };
  const lines = rules.flatMap(({ rule, line, outcome, conditions }) => [
    `${rule} (line ${line}): ${marks[outcome]}`,
    ...conditions
      .filter(({ holds }) => outcome === 'matched' || !holds)
      .map(({ condition, wanted, found }) => `  ${condition}: wanted ${words(wanted)}, found ${printable(found)}`),
  ]);
  const acts = proposals.map(({ act, rule, needsPerson }) => `${act}${needsPerson ? ', by a person,' : ''} by ${rule}`);
  return [...lines, acts.length === 0 ? 'Nothing is proposed.' : `Proposed: ${acts.join('; ')}`].join('\n');
}

function words(wanted: unknown): string {
  return printable(typeof wanted === 'string' ? wanted : JSON.stringify(wanted));
}
