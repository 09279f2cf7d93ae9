import type { VerdictWord } from '../../api/types.js';
import type { ScanState } from './scan-queue.js';

/** The verdict on a medium; a scan that failed says nothing, which is `could-not-tell` and never `no-match`. */
export function verdictOf(state: ScanState): VerdictWord | undefined {
  if (state.phase === 'told') return state.verdict.verdict;
  return state.phase === 'failed' ? 'could-not-tell' : undefined;
}

/** How many of each verdict there are, and how many have none yet. */
export function tally(states: readonly ScanState[]): Readonly<Record<VerdictWord | 'open', number>> {
  const counts = { match: 0, 'no-match': 0, 'could-not-tell': 0, open: 0 };
  for (const state of states) {
    const verdict = verdictOf(state);
    if (verdict !== undefined) counts[verdict]++;
    else if (state.phase !== 'cancelled') counts.open++;
  }
  return counts;
}
