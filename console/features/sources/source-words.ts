import type { SourceState } from '../../api/types.js';
import type { IconName } from '../../ui/icon.js';
import type { Tone } from '../../ui/tag.js';

interface StateWords {
  readonly words: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

export const SOURCE_STATES: Readonly<Record<SourceState, StateWords>> = {
  new: { words: 'Not synced yet', tone: 'accent', icon: 'clock' },
  'up-to-date': { words: 'Up to date', tone: 'accent', icon: 'check' },
  behind: { words: 'Behind', tone: 'unsure', icon: 'clock' },
  refused: { words: 'Refuses us', tone: 'match', icon: 'alert' },
  failing: { words: 'Failing', tone: 'match', icon: 'alert' },
  stale: { words: 'Nothing new for long', tone: 'unsure', icon: 'clock' },
  held: { words: 'Waits for you', tone: 'unsure', icon: 'alert' },
  disabled: { words: 'Switched off', tone: 'neutral', icon: 'minus' },
};

/** How often: `every 30 seconds`, `every hour`, `every 2 days`. */
export function everyInWords(seconds: number): string {
  for (const [length, one] of UNITS) {
    const n = seconds / length;
    if (Number.isInteger(n)) return n === 1 ? `every ${one}` : `every ${n} ${one}s`;
  }
  return `every ${seconds} seconds`;
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;
