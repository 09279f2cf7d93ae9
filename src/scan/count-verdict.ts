import type { Metrics } from '../metrics/metrics.js';
import type { Match } from './verdict.js';
import type { WordsVerdict } from './words/words-verdict.js';

export interface CountedVerdict {
  readonly verdict: string;
  readonly reason: string | null;
  readonly ms: Readonly<Record<string, number>>;
  readonly withoutEffect?: readonly Pick<Match, 'overruledBy'>[] | undefined;
}

/** Counts a verdict and the times of its stages; whoever gives verdicts calls this once for each. */
export function countVerdict(
  metrics: Metrics,
  { verdict, reason, ms, withoutEffect = [] }: CountedVerdict,
  surface: 'public' | 'private',
): void {
  metrics.count('vigie_verdicts_total', { verdict, reason: reason ?? '', surface });
  for (const { overruledBy } of withoutEffect) {
    const why = overruledBy === undefined ? 'shadow' : 'overruled';
    metrics.count('vigie_matches_without_effect_total', { why });
  }
  for (const [stage, milliseconds] of Object.entries(ms)) {
    metrics.observe('vigie_scan_stage_seconds', { stage }, milliseconds / 1_000);
  }
}

/** Counts what was said of words and links. */
export function countWords(
  metrics: Metrics,
  { verdict, reviewTotal, ms }: Pick<WordsVerdict, 'verdict' | 'reviewTotal' | 'ms'>,
): void {
  metrics.count('vigie_words_total', { verdict, review: reviewTotal > 0 ? 'proposed' : 'none' });
  metrics.observe('vigie_scan_stage_seconds', { stage: 'words' }, ms / 1_000);
}
