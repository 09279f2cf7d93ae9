import type { Medium, ScanState } from './scan-queue.js';
import { verdictOf } from './verdict-of.js';

/** Whether a sample got the verdict that it must get; undefined while there is none, and for other media. */
export function expectedInWords({ expect }: Medium, state: ScanState): string | undefined {
  const word = verdictOf(state);
  if (expect === undefined || word === undefined) return undefined;
  if (word === expect) return 'as expected';
  const missing = state.phase === 'told' && state.verdict.error?.code === 'video-decoder-missing';
  return missing ? `expected ${expect} once ffmpeg is installed` : `expected ${expect}`;
}
