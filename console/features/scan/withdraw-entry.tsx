import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { restoreEntry, withdrawEntry } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';

interface WithdrawEntryProps {
  readonly list: string;
  readonly entry: string;
}

/** An entry that should not be in its list stops matching at once, with a reason, and may come back. */
export function WithdrawEntry({ list, entry }: WithdrawEntryProps) {
  const mayChange = useScope('entries:write');
  const [withdrawn, setWithdrawn] = useState(false);
  const restoring = useMutation({
    mutationFn: () => restoreEntry(list, entry, 'Withdrawn by mistake.'),
    onSuccess: async () => {
      setWithdrawn(false);
      await refreshLists();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  if (!mayChange) return null;
  if (withdrawn) {
    return (
      <div className="order-last basis-full pl-2.5 text-xs">
        <p role="status" className="text-ink-2">
          Withdrawn: it does not match any more. The verdict above is from before.{' '}
          <button
            type="button"
            className="text-accent underline underline-offset-4 disabled:opacity-45"
            disabled={restoring.isPending}
            onClick={() => restoring.mutate()}
          >
            Restore it
          </button>
        </p>
        {restoring.error !== null && <ProblemNote problem={ApiProblem.from(restoring.error)} />}
      </div>
    );
  }
  return (
    <ActButton
      label="Withdraw this entry"
      subject={`${entry} of ${list}`}
      title="Withdraw this entry?"
      description={`${entry} of ${list} stops matching at once, for every picture and every caller. It can be restored.`}
      reason="needed"
      hint="Kept with the entry, for those who come after."
      look="quiet"
      confirm="Withdraw the entry"
      confirmLook="danger"
      keep="Keep it"
      act={(reason) => withdrawEntry(list, entry, reason)}
      onDone={async () => {
        setWithdrawn(true);
        await refreshLists();
      }}
    />
  );
}
