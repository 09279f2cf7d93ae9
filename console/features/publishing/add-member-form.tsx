import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { addMember } from '../../api/publishing.js';
import { noticeProblem, publicationsQuery, refreshPublishing } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { TextField, withoutFault } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { namesIn, placesFault, placesIn } from './publishing-words.js';

interface AddMemberFormProps {
  readonly onAdded: (added: { readonly name: string; readonly key: string }) => void;
}

type Faults = Readonly<Partial<Record<'name' | 'jurisdictions', string>>>;

/** Who it is, and what it gets. */
export function AddMemberForm({ onAdded }: AddMemberFormProps) {
  const { data: published = [] } = useQuery(publicationsQuery);
  const [faults, setFaults] = useState<Faults>({});
  const adding = useMutation({
    mutationFn: addMember,
    onSuccess: async ({ member: { name }, key }) => {
      onAdded({ name, key });
      await refreshPublishing();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
    // The key is nowhere once the dialog is shut.
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const text = (name: string): string => String(typed.get(name) ?? '').trim();
    const name = text('name');
    const places = placesFault(text('jurisdictions'));
    const found: Faults = {
      ...(!/^[^:]{2,100}$/.test(name) && { name: 'Two signs at least, and no colon.' }),
      ...(places !== undefined && { jurisdictions: places }),
    };
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    const grades = namesIn(text('grades'));
    const jurisdictions = placesIn(text('jurisdictions'));
    const lists = typed.getAll('lists').map(String);
    adding.mutate({
      name,
      ...(lists.length > 0 && { lists }),
      ...(grades !== undefined && { grades }),
      ...(jurisdictions !== undefined && { jurisdictions }),
      ...(text('rate') !== '' && { rate: text('rate') }),
    });
  };
  return (
    <form
      onSubmit={submit}
      onChange={({ target }) => setFaults((before) => withoutFault(before, target))}
      noValidate
      autoComplete="off"
    >
      <div className="space-y-3 px-6 pt-4">
        <TextField
          label="Name"
          name="name"
          error={faults.name}
          hint="Without a colon: it is a user name too."
          aria-required
        />
        {published.length > 0 && (
          <fieldset>
            <legend className="mb-1.5 font-medium text-sm">Only these lists</legend>
            <div className="flex flex-wrap gap-x-4 gap-y-1.5">
              {published.map(({ list }) => (
                <label key={list} className="inline-flex items-center gap-2 break-all text-sm">
                  <input type="checkbox" name="lists" value={list} className="size-4 accent-accent" />
                  {list}
                </label>
              ))}
            </div>
            <p className="mt-1.5 text-ink-3 text-xs">None chosen: all that are published, those to come too.</p>
          </fieldset>
        )}
        <div className="grid gap-x-3 sm:grid-cols-2">
          <TextField label="Grades" name="grades" hint="Such as A, B; empty for all." />
          <TextField
            label="Is in"
            name="jurisdictions"
            error={faults.jurisdictions}
            hint="Such as GB; some lists go to some places alone."
          />
        </div>
        <TextField label="Requests" name="rate" hint="At most, such as 10/s; empty as for all members." />
        {adding.error !== null && <ProblemNote problem={ApiProblem.from(adding.error)} />}
      </div>
      <DialogActions>
        <Button type="submit" look="primary" disabled={adding.isPending}>
          Add the member
        </Button>
      </DialogActions>
    </form>
  );
}
