import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createList } from '../../api/curation.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { isListName } from '../lists/list-name.js';

/** An empty list of one's own. */
export function MakeList() {
  const [open, setOpen] = useState(false);
  const [wrong, setWrong] = useState(false);
  const making = useMutation({
    mutationFn: createList,
    onSuccess: async () => {
      await refreshLists();
      change(false);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const change = (next: boolean): void => {
    setOpen(next);
    setWrong(false);
    making.reset();
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const text = (name: string): string => String(typed.get(name) ?? '').trim();
    const [name, licence] = [text('name'), text('licence')];
    setWrong(!isListName(name));
    if (!isListName(name)) return;
    const approval = text('approval') === 'none' ? 'none' : 'two-person';
    making.mutate({ name, approval, ...(licence !== '' && { licence }) });
  };
  return (
    <>
      <Button onClick={() => change(true)}>Make a list</Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="Make a list of your own"
        description="It is empty at first. A list that you were given is loaded from its file, or follows a source."
      >
        <form onSubmit={submit} noValidate>
          <div className="space-y-3 px-6 pt-4">
            <TextField
              label="Name"
              name="name"
              error={wrong ? 'Use a to z, 0 to 9, dot, dash, underscore; begin with a letter or digit.' : undefined}
              hint="How you will call it."
              aria-required
            />
            <SelectField
              label="An entry acts"
              name="approval"
              hint="That it needs a second person can only be lifted by two."
            >
              <option value="two-person">once a second person has approved it</option>
              <option value="none">at once</option>
            </SelectField>
            <TextField label="Licence" name="licence" hint="What others may do with it; may stay empty." />
            {making.error !== null && <ProblemNote problem={ApiProblem.from(making.error)} />}
          </div>
          <DialogActions>
            <Button type="submit" look="primary" disabled={making.isPending}>
              Make the list
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
