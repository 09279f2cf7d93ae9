import type { Metrics } from '../metrics/metrics.js';

/** Counts a verdict and the times of its stages; whoever gives verdicts calls this once for each. */
export function countVerdict(
  metrics: Metrics,
  {
    verdict,
    reason,
    ms,
  }: { readonly verdict: string; readonly reason: string | null; readonly ms: Readonly<Record<string, number>> },
  surface: 'public' | 'private',
): void {
  metrics.count('vigie_verdicts_total', { verdict, reason: reason ?? '', surface });
  for (const [stage, milliseconds] of Object.entries(ms)) {
    metrics.observe('vigie_scan_stage_seconds', { stage }, milliseconds / 1_000);
  }
}
