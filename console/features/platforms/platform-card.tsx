import type { Platform } from '../../api/platforms.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';
import { Tag } from '../../ui/tag.js';
import { CardHead, LastFailure } from '../kinds/card-head.js';
import { PlatformActs } from './platform-acts.js';
import { PLATFORM_STATES } from './platform-words.js';
import { RemovalTimes } from './removal-times.js';

interface PlatformCardProps {
  readonly platform: Platform;
  /** An emergency stop is on for it. */
  readonly stopped: boolean;
  readonly mayChange: boolean;
  readonly onTold: (words: string) => void;
}

/** One platform: how its connection does, whether anything is done on it, and how fast. */
export function PlatformCard({ platform, stopped, mayChange, onTold }: PlatformCardProps) {
  const { name, title, state, dryRun, error, failures } = platform;
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <CardHead name={name} title={title} state={PLATFORM_STATES[state]}>
        {stopped && <Tag tone="match">Stopped</Tag>}
        {dryRun ? <Tag tone="unsure">Dry run</Tag> : <Tag>Acts for real</Tag>}
      </CardHead>
      <Facts facts={factsOf(platform)} />
      <LastFailure what="connection" error={error} failures={failures} />
      <RemovalTimes platform={name} />
      <PlatformActs platform={platform} stopped={stopped} mayChange={mayChange} onTold={onTold} />
    </li>
  );
}

function factsOf({ state, dryRun, connected, heard, next, node }: Platform) {
  const waits = state === 'failing' || state === 'refused';
  const since = connected === null ? 'never' : dateAndTime(connected);
  return [
    ['What is done', dryRun ? 'Nothing: what would be done is written down' : 'What is ordered is carried out'],
    [state === 'connected' ? 'Connected since' : 'Last connected', since],
    ['Last heard', heard === null ? 'never' : dateAndTime(heard)],
    ...(waits ? [['Next attempt', dateAndTime(next)] as const] : []),
    ...(node === null ? [] : [['Held by node', node] as const]),
  ] as const;
}
