import { Popover } from 'radix-ui';
import type { Problem, ServiceStatus } from '../../api/types.js';
import { count, counted } from '../../lib/in-words.js';
import { Icon } from '../../ui/icon.js';
import { ServiceFacts } from './service-facts.js';

interface ServiceStateProps {
  readonly status: ServiceStatus | undefined;
  readonly problem: Problem | undefined;
}

/** In one glance whether verdicts can be given; more on a click. */
export function ServiceState({ status, problem }: ServiceStateProps) {
  const { dot, word } = stateOf(status, problem);
  return (
    <Popover.Root>
      <Popover.Trigger
        className="inline-flex h-8 items-center gap-2 rounded-lg px-2.5 transition-colors hover:bg-ink/6 disabled:cursor-default"
        disabled={status === undefined}
        aria-label={`Service state: ${word}`}
      >
        <span className={`size-2 rounded-full ${dot}`} />
        <span className="font-medium">{word}</span>
        {status !== undefined && (
          <span className="hidden text-ink-3 sm:inline">
            {counted(status.index.entries, 'entry', 'entries')} in {counted(status.lists, 'list')}
          </span>
        )}
        <Icon name="chevron" className="size-3 text-ink-3" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          aria-label={`Service state, ${count(status?.lists ?? 0)} lists`}
          className="z-40 w-80 rounded-xl border border-line bg-raised p-4 shadow-float outline-none motion-safe:animate-appear"
        >
          {status !== undefined && <ServiceFacts status={status} />}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function stateOf(status: ServiceStatus | undefined, problem: Problem | undefined): { dot: string; word: string } {
  if (problem !== undefined) return { dot: 'bg-match', word: 'No answer' };
  if (status === undefined) return { dot: 'bg-ink-3 animate-breathe', word: 'Connecting' };
  if (!status.ready) return { dot: 'bg-unsure animate-breathe', word: 'Loading the index' };
  return { dot: 'bg-good', word: 'Ready' };
}
