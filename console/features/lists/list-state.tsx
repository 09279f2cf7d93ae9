import type { HashList } from '../../api/types.js';
import { Icon, type IconName } from '../../ui/icon.js';
import { Tag, type Tone } from '../../ui/tag.js';

const STATES: Readonly<Record<HashList['state'], { words: string; tone: Tone; icon: IconName }>> = {
  ready: { words: 'In force', tone: 'neutral', icon: 'check' },
  loading: { words: 'Loading', tone: 'accent', icon: 'clock' },
  expired: { words: 'Expired', tone: 'unsure', icon: 'clock' },
  damaged: { words: 'Damaged', tone: 'match', icon: 'alert' },
  empty: { words: 'Empty', tone: 'unsure', icon: 'minus' },
};

/** Whether the entries of a list are matched against. */
export function ListState({ state }: { readonly state: HashList['state'] }) {
  const { words, tone, icon } = STATES[state];
  return (
    <Tag tone={tone}>
      <Icon name={icon} className="size-3" />
      {words}
    </Tag>
  );
}
