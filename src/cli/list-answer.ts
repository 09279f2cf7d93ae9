import { colour, printable, secondOf, table } from './output.js';

/** A list as the service tells of it. */
export interface ListAnswer {
  readonly name: string;
  readonly content: string;
  readonly source: string | null;
  readonly licence: string | null;
  readonly terms: string | null;
  readonly expires: string | null;
  readonly version: number | null;
  readonly entries: number;
  readonly withdrawn: number;
  readonly grades: Readonly<Record<string, number>>;
  readonly signals: Readonly<Record<string, { readonly values: number; readonly active: number }>>;
  readonly role: 'block' | 'allow';
  readonly shadow: boolean;
  readonly approval: string;
  readonly judged: {
    readonly confirmed: number;
    readonly refuted: number;
    readonly shadowConfirmed: number;
    readonly shadowRefuted: number;
  };
  readonly state: string;
  readonly versions: readonly {
    readonly version: number;
    readonly state: string;
    readonly entries: number;
    readonly created: string;
    readonly sourceName: string | null;
  }[];
}

/** Where a list is found in the API. */
export const at = (name: string, rest = ''): string => `/v1/lists/${encodeURIComponent(name)}${rest}`;

/** What sets a list apart from one that is looked for; nothing for most. */
export function judgedAs({ role, shadow }: Pick<ListAnswer, 'role' | 'shadow'>): string {
  return [...(role === 'allow' ? ['known good'] : []), ...(shadow ? ['shadow'] : [])].join(', ');
}

export function inWords(list: ListAnswer): string {
  const facts: [string, string][] = [
    ['list', list.name],
    ['holds', list.content],
    ['state', list.state],
    ['judged as', judgedAs(list)],
    ['version', list.version === null ? 'none' : String(list.version)],
    ['entries', list.entries.toLocaleString('en')],
    ['withdrawn', list.withdrawn.toLocaleString('en')],
    ['source', printable(list.source ?? '')],
    ['licence', printable(list.licence ?? '')],
    ['terms', printable(list.terms ?? '')],
    ['expires', list.expires ?? ''],
    ['approval', list.approval === 'two-person' ? 'by a second person' : ''],
    ['judged', judged(list.judged)],
    [
      'grades',
      Object.entries(list.grades)
        .map(([grade, count]) => `${printable(grade)} ${count}`)
        .join(', '),
    ],
    [
      'signals',
      Object.entries(list.signals)
        .map(([type, { values, active }]) =>
          values === active ? `${type} ${values}` : `${type} ${active} of ${values} active`,
        )
        .join(', '),
    ],
  ];
  const lines = facts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${colour.dim(key.padEnd(10))}${value}`);
  return [...lines, '', historyInWords(list.versions)].join('\n');
}

export function historyInWords(versions: ListAnswer['versions']): string {
  const rows = versions.map(({ version, state, entries, created, sourceName }) => [
    String(version),
    state,
    entries,
    secondOf(created),
    printable(sourceName ?? ''),
  ]);
  return table(['version', 'state', 'entries', 'created (UTC)', 'from'], rows);
}

interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** How two versions differ, as the service tells it. */
export interface DiffAnswer extends Counts {
  readonly unchanged: number;
  readonly signals: Readonly<Record<string, Counts>>;
  readonly grades: Readonly<Record<string, Counts>>;
}

export function diffInWords({ signals, grades, unchanged, ...all }: DiffAnswer): string {
  const row = (what: string, { added, changed, removed }: Counts) => [what, added, changed, removed];
  const rows = [
    row('entries', all),
    ...Object.entries(signals).map(([type, counts]) => row(`with ${type}`, counts)),
    ...Object.entries(grades).map(([grade, counts]) =>
      row(`grade ${grade === '' ? 'none' : printable(grade)}`, counts),
    ),
  ];
  return `${table(['', 'added', 'changed', 'removed'], rows)}\n${unchanged.toLocaleString('en')} are as they were.`;
}

/** Those of its time in shadow come after the others. */
function judged({ confirmed, refuted, shadowConfirmed, shadowRefuted }: ListAnswer['judged']): string {
  const parts = [
    [confirmed, 'confirmed'],
    [refuted, 'refuted'],
    [shadowConfirmed, 'confirmed in shadow'],
    [shadowRefuted, 'refuted in shadow'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count.toLocaleString('en')} ${what}`)
    .join(', ');
}
