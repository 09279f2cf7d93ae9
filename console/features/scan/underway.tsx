import { Icon } from '../../ui/icon.js';
import type { ScanState } from './scan-queue.js';

const WORDS: Readonly<Partial<Record<ScanState['phase'], string>>> = {
  waiting: 'Waiting',
  running: 'Looking',
  cancelled: 'Cancelled',
};

/** What stands in the place of a verdict that is not there. */
export function Underway({ phase }: { readonly phase: ScanState['phase'] }) {
  return (
    <span className="inline-flex h-6 items-center gap-1.5 rounded-md border border-line-strong border-dashed pr-2 pl-1.5 font-medium text-ink-2 text-xs">
      <Icon
        name={phase === 'cancelled' ? 'close' : 'clock'}
        className={phase === 'running' ? 'size-3.5 animate-breathe' : 'size-3.5'}
      />
      {WORDS[phase]}
    </span>
  );
}
