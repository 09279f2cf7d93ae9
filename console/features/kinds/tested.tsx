import type { TestedFacts } from '../../api/kinds.js';
import { Facts } from '../../ui/facts.js';
import { Icon } from '../../ui/icon.js';

interface TestedProps {
  /** Such as `source`. */
  readonly noun: string;
  readonly pending: boolean;
  readonly facts: TestedFacts | undefined;
}

/** What a test of a connection came to, when it worked. */
export function Tested({ noun, pending, facts }: TestedProps) {
  return (
    <div role="status" className="empty:absolute">
      {pending && <p className="text-ink-2">Asking the {noun} …</p>}
      {facts !== undefined && (
        <div className="rounded-lg border border-line bg-sunken p-3">
          <p className="mb-2 flex items-center gap-2 font-medium">
            <Icon name="check" className="size-4 text-good" />
            The {noun} answers
          </p>
          <Facts facts={Object.entries(facts)} />
        </div>
      )}
    </div>
  );
}
