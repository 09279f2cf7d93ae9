import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { removeList } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import type { HashList } from '../../api/types.js';
import { counted } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

/** Removing a list takes its name, typed: what it knew is not recognised any more. */
export function RemoveList({ list }: { readonly list: HashList }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const removal = useMutation({
    mutationFn: () => removeList(list.name),
    onSuccess: async () => {
      setOpen(false);
      await refreshLists();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const change = (next: boolean): void => {
    setOpen(next);
    setTyped('');
    removal.reset();
  };
  return (
    <>
      <Button size="small" look="quiet" onClick={() => change(true)}>
        Remove …<span className="sr-only"> {list.name}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title={`Remove ${list.name}?`}
        description={`All its versions go, with ${counted(list.entries, 'entry', 'entries')}. What only this list knows is not recognised any more.`}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === list.name) removal.mutate();
          }}
        >
          <div className="space-y-3 px-6 pt-4">
            <TextField
              label="Type its name"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              hint={`To be sure: ${list.name}`}
            />
            {removal.error !== null && <ProblemNote problem={ApiProblem.from(removal.error)} />}
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => change(false)}>
              Keep it
            </Button>
            <Button type="submit" look="danger" disabled={typed !== list.name || removal.isPending}>
              Remove the list
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
