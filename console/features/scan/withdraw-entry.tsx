import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { restoreEntry, withdrawEntry } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';

interface WithdrawEntryProps {
  readonly list: string;
  readonly entry: string;
}

/** An entry that should not be in its list stops matching at once, with a reason, and may come back. */
export function WithdrawEntry({ list, entry }: WithdrawEntryProps) {
  const mayChange = useScope('entries:write');
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const onError = (error: unknown): void => noticeProblem(ApiProblem.from(error));
  const restoring = useMutation({
    mutationFn: () => restoreEntry(list, entry, 'Withdrawn by mistake.'),
    onSuccess: async () => {
      withdrawing.reset();
      await refreshLists();
    },
    onError,
  });
  const withdrawing = useMutation({
    mutationFn: () => withdrawEntry(list, entry, reason.trim()),
    onSuccess: async () => {
      setOpen(false);
      await refreshLists();
    },
    onError,
  });
  if (!mayChange) return null;
  if (withdrawing.isSuccess) {
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
    <>
      <Button size="small" look="quiet" onClick={() => setOpen(true)}>
        Withdraw this entry …
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Withdraw this entry?"
        description={`${entry} of ${list} stops matching at once, for every picture and every caller. It can be restored.`}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim() !== '') withdrawing.mutate();
          }}
        >
          <div className="space-y-3 px-6 pt-4">
            <TextField
              label="Reason"
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.target.value)}
              hint="Kept with the entry, for those who come after."
            />
            {withdrawing.error !== null && <ProblemNote problem={ApiProblem.from(withdrawing.error)} />}
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => setOpen(false)}>
              Keep it
            </Button>
            <Button type="submit" look="danger" disabled={reason.trim() === '' || withdrawing.isPending}>
              Withdraw the entry
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
