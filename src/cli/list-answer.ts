import { colour, printable, table } from './output.js';

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

export function inWords(list: ListAnswer): string {
  const facts: [string, string][] = [
    ['list', list.name],
    ['holds', list.content],
    ['state', list.state],
    ['version', list.version === null ? 'none' : String(list.version)],
    ['entries', list.entries.toLocaleString('en')],
    ['withdrawn', list.withdrawn.toLocaleString('en')],
    ['source', printable(list.source ?? '')],
    ['licence', printable(list.licence ?? '')],
    ['terms', printable(list.terms ?? '')],
    ['expires', list.expires ?? ''],
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
  const versions = list.versions.map(({ version, state, entries, created, sourceName }) => [
    String(version),
    state,
    entries,
    created.slice(0, 19).replace('T', ' '),
    printable(sourceName ?? ''),
  ]);
  const lines = facts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${colour.dim(key.padEnd(10))}${value}`);
  return [...lines, '', table(['version', 'state', 'entries', 'created (UTC)', 'from'], versions)].join('\n');
}
