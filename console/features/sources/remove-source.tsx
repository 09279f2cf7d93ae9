import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshSources } from '../../api/queries.js';
import { removeSource } from '../../api/sources.js';
import type { Source } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { ProblemNote } from '../../ui/problem-note.js';

/** The source goes with its credentials; its list stays. */
export function RemoveSource({ source: { name, list } }: { readonly source: Source }) {
  const [open, setOpen] = useState(false);
  const removal = useMutation({
    mutationFn: () => removeSource(name),
    onSuccess: async () => {
      setOpen(false);
      await refreshSources();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  return (
    <>
      <Button size="small" look="quiet" onClick={() => setOpen(true)}>
        Remove …<span className="sr-only"> {name}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Remove ${name}?`}
        description={`The source goes with its credentials. ${list === null ? '' : `The list ${list} stays, and is not kept up to date any more.`}`}
      >
        {removal.error !== null && (
          <div className="px-6 pt-4">
            <ProblemNote problem={ApiProblem.from(removal.error)} />
          </div>
        )}
        <DialogActions>
          <Button look="quiet" onClick={() => setOpen(false)}>
            Keep it
          </Button>
          <Button look="danger" disabled={removal.isPending} onClick={() => removal.mutate()}>
            Remove the source
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
