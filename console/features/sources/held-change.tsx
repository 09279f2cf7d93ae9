import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshSources } from '../../api/queries.js';
import { decideHeldChange } from '../../api/sources.js';
import type { HeldChange as Held, Source } from '../../api/types.js';
import { count, counted, dateAndTime, percent } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface HeldChangeProps {
  readonly source: Source;
  readonly held: Held;
  readonly mayChange: boolean;
}

/** A source that would remove a large part of its list: a person says whether it may. */
export function HeldChange({ source: { name, list }, held, mayChange }: HeldChangeProps) {
  const [asking, setAsking] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (verb: 'approve' | 'refuse') => decideHeldChange(name, verb, held.id),
    onSuccess: () => setAsking(false),
    onError: (thrown) => noticeProblem(ApiProblem.from(thrown)),
    onSettled: refreshSources,
  });
  const share = held.entries === 0 ? 100 : (held.removed / held.entries) * 100;
  const waits = held.decision === 'waiting';
  return (
    <div className="rounded-lg border border-unsure-line bg-unsure-wash p-3 text-sm">
      <div className="flex gap-2.5">
        <Icon name="alert" className="mt-0.5 size-4 text-unsure-ink" />
        <div className="min-w-0 flex-1">
          <p className="font-medium">
            It would remove {count(held.removed)} of {counted(held.entries, 'entry', 'entries')} ({percent(share)})
          </p>
          <p className="mt-0.5 text-ink-2 text-xs">{heldWords(held)}</p>
          {error !== null && !asking && <ProblemNote problem={ApiProblem.from(error)} />}
          {waits && mayChange && (
            <div className="mt-2.5 flex flex-wrap gap-2">
              <Button size="small" disabled={isPending} onClick={() => setAsking(true)}>
                Let it remove them …<span className="sr-only"> {name}</span>
              </Button>
              <Button size="small" disabled={isPending} onClick={() => mutate('refuse')}>
                Keep the list as it is<span className="sr-only"> {name}</span>
              </Button>
            </div>
          )}
        </div>
      </div>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={`Remove ${counted(held.removed, 'entry', 'entries')}?`}
        description={`${list ?? name} then holds ${counted(Math.max(0, held.entries - held.removed), 'entry', 'entries')}. What only these know is not recognised any more. The version before is kept.`}
      >
        {error !== null && (
          <div className="px-6 pt-4">
            <ProblemNote problem={ApiProblem.from(error)} />
          </div>
        )}
        <DialogActions>
          <Button look="quiet" onClick={() => setAsking(false)}>
            Not now
          </Button>
          <Button look="danger" disabled={isPending} onClick={() => mutate('approve')}>
            Let it remove them
          </Button>
        </DialogActions>
      </Dialog>
    </div>
  );
}

function heldWords({ decision, since }: Held): string {
  if (decision === 'approved') return 'Approved: it takes effect with the next sync.';
  if (decision === 'refused') return `Refused: the list stays as it was on ${dateAndTime(since)}.`;
  return `Held since ${dateAndTime(since)}. Until somebody decides, the list stays as it is.`;
}
