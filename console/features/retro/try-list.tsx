import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { listsQuery, noticeProblem, refreshRetro } from '../../api/queries.js';
import { runRetro } from '../../api/retro.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { SelectField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

/** All entries of a list against all that was seen; new ones are tried without being asked for. */
export function TryList() {
  const { data: lists = [] } = useQuery(listsQuery);
  const fitting = lists.filter(
    ({ content, role, version }) => content === 'media' && role === 'block' && version !== null,
  );
  const [open, setOpen] = useState(false);
  const asking = useMutation({
    mutationFn: runRetro,
    onSuccess: async () => {
      await refreshRetro();
      setOpen(false);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    asking.mutate(String(new FormData(event.currentTarget).get('list') ?? ''));
  };
  return (
    <>
      <Button
        disabled={fitting.length === 0}
        onClick={() => {
          asking.reset();
          setOpen(true);
        }}
      >
        Try a whole list
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Try a whole list against what was seen"
        description="New entries are tried by themselves. This is for what no version tells: a larger radius, or an entry that is back."
      >
        <form onSubmit={submit} noValidate>
          <div className="space-y-3 px-6 pt-4">
            <SelectField label="List" name="list" hint="On every node; what was found before is not told again.">
              {fitting.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </SelectField>
            {asking.error !== null && <ProblemNote problem={ApiProblem.from(asking.error)} />}
          </div>
          <DialogActions>
            <Button type="submit" look="primary" disabled={asking.isPending}>
              Try it
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
