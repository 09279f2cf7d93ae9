import { colour, printable, table } from './output.js';

/** A source as the service tells of it. */
export interface SourceAnswer {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly list: string | null;
  readonly state: string;
  readonly syncing: boolean;
  readonly settings: unknown;
  readonly everySeconds: number;
  readonly holdPercent: number;
  readonly next: string;
  readonly synced: string | null;
  readonly changed: string | null;
  readonly error: string | null;
  readonly failures: number;
  readonly counts: Readonly<Record<'added' | 'changed' | 'removed' | 'returned' | 'setAside', number>>;
  readonly setAside: Readonly<Record<string, { readonly count: number; readonly where: readonly string[] }>>;
  readonly unused: Readonly<Record<string, number>>;
  readonly held: {
    readonly id: string;
    readonly removed: number;
    readonly entries: number;
    readonly decision: string;
    readonly by: string | null;
  } | null;
}

const GOOD = new Set(['up-to-date', 'new', 'behind']);

export function sourceRow(source: SourceAnswer): string[] {
  const { name, kind, list, state, syncing, next, changed, error } = source;
  const told = GOOD.has(state) ? colour.green(state) : colour.yellow(state);
  return [name, kind, list ?? '', told, syncing ? 'now' : next, changed ?? 'never', error ?? ''];
}

export const SOURCE_COLUMNS = ['source', 'kind', 'list', 'state', 'next sync', 'last news', 'error'];

export function sourceInWords(source: SourceAnswer): string {
  const { counts, held, setAside, unused } = source;
  const number = (value: number) => value.toLocaleString('en');
  const facts: [string, string][] = [
    ['source', source.name],
    ['kind', `${source.kind} (${source.title})`],
    ['list', source.list ?? ''],
    ['state', source.state],
    ['next sync', source.syncing ? 'now' : source.next],
    ['every', `${number(source.everySeconds)} seconds`],
    ['last complete', source.synced ?? 'never'],
    ['last news', source.changed ?? 'never'],
    ['error', source.error === null ? '' : `${source.error}, ${source.failures} times in a row`],
    ['added', number(counts.added)],
    ['changed', number(counts.changed)],
    ['removed', `${number(counts.removed)}, of which ${number(counts.returned)} came back`],
    ['set aside', number(counts.setAside)],
    ['holds', `what would remove more than ${source.holdPercent} % of the list`],
    ['settings', printable(JSON.stringify(source.settings))],
  ];
  if (held !== null) {
    const by = held.by === null ? '' : ` by ${printable(held.by)}`;
    const change = `${number(held.removed)} of ${number(held.entries)} entries would be removed: ${held.decision}${by}`;
    facts.push(['held', `${change} (${held.id})`]);
  }
  for (const [reason, { count, where }] of Object.entries(setAside)) {
    facts.push([`  ${printable(reason)}`, `${number(count)}, such as ${where.slice(-3).map(printable).join(', ')}`]);
  }
  for (const [type, count] of Object.entries(unused)) {
    facts.push([`  ${printable(type)}`, `${number(count)} signals of this type, which is not known here`]);
  }
  return table(
    ['', ''],
    facts.filter(([, value]) => value !== ''),
  );
}
