import type { PlatformState } from '../../api/platforms.js';
import type { IconName } from '../../ui/icon.js';
import type { Tone } from '../../ui/tag.js';

interface StateWords {
  readonly words: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

export const PLATFORM_STATES: Readonly<Record<PlatformState, StateWords>> = {
  new: { words: 'Connecting', tone: 'accent', icon: 'clock' },
  connected: { words: 'Connected', tone: 'accent', icon: 'check' },
  failing: { words: 'Failing', tone: 'match', icon: 'alert' },
  refused: { words: 'Refuses us', tone: 'match', icon: 'alert' },
  disabled: { words: 'Switched off', tone: 'neutral', icon: 'minus' },
};

export const STAGES = {
  fetch: 'Seen to fetched',
  verdict: 'Fetched to verdict',
  order: 'Verdict to order',
  confirm: 'Order to confirmed',
} as const;
