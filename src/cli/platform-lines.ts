import { colour, printable, table } from './output.js';

/** A platform as the service tells of it. */
export interface PlatformAnswer {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly state: string;
  readonly dryRun: boolean;
  readonly settings: unknown;
  readonly node: string | null;
  readonly connected: string | null;
  readonly heard: string | null;
  readonly next: string;
  readonly error: string | null;
  readonly failures: number;
}

export const PLATFORM_COLUMNS = ['platform', 'kind', 'state', 'acts', 'last heard', 'held by', 'error'];

export function platformRow({ name, kind, state, dryRun, heard, node, error }: PlatformAnswer): string[] {
  const told = state === 'connected' ? colour.green(state) : colour.yellow(state);
  return [name, kind, told, dryRun ? 'dry run' : 'live', heard ?? 'never', node ?? '', error ?? ''];
}

export function platformInWords(platform: PlatformAnswer): string {
  const { state, error, failures } = platform;
  const waits = state === 'failing' || state === 'refused';
  const facts: [string, string][] = [
    ['platform', platform.name],
    ['kind', `${platform.kind} (${platform.title})`],
    ['state', state],
    ['acts', platform.dryRun ? 'dry run: what would be done is written down' : 'live: what is ordered is carried out'],
    ['held by', platform.node ?? ''],
    ['connected', platform.connected ?? 'never'],
    ['last heard', platform.heard ?? 'never'],
    ['error', error === null ? '' : `${error}, ${failures} times in a row`],
    ['next attempt', waits ? platform.next : ''],
    ['settings', printable(JSON.stringify(platform.settings))],
  ];
  return table(
    ['', ''],
    facts.filter(([, value]) => value !== ''),
  );
}

interface StageAnswer {
  readonly count: number;
  /** Seconds. */
  readonly p50: number | null;
  readonly p99: number | null;
}

interface SpanAnswer {
  readonly span: string;
  readonly stages: Readonly<Record<string, StageAnswer>>;
  readonly whole: StageAnswer;
}

/** How long removals took, as the service tells it. */
export interface TimesAnswer {
  readonly spans: readonly SpanAnswer[];
}

const STAGE_WORDS: Readonly<Record<string, string>> = {
  fetch: 'seen to fetched',
  verdict: 'fetched to verdict',
  order: 'verdict to order',
  confirm: 'order to confirmed',
};

/** Each part of the way and the whole, of the last day and week. */
export function timesInWords(spans: readonly SpanAnswer[]): string {
  const rows = spans.flatMap(({ span, stages, whole }) => {
    const parts = Object.entries(stages).map(([stage, took]) => [STAGE_WORDS[stage] ?? stage, took] as const);
    return [['seen to confirmed', whole] as const, ...parts].map(([words, { count, p50, p99 }]) => [
      ...[`last ${span}`, words, count.toLocaleString('en')],
      ...[p50, p99].map((took) => (took === null ? '' : `${took.toFixed(3)} s`)),
    ]);
  });
  return table(['', 'from … to', 'removals', 'half within', '99 % within'], rows);
}
