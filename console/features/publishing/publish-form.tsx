import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { type Publication, type PublicationTerms, publishList } from '../../api/publishing.js';
import { listsQuery, noticeProblem, publicationsQuery, refreshPublishing } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { SelectField, TextAreaField, TextField, withoutFault } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { namesIn, placesFault, placesIn } from './publishing-words.js';

interface PublishFormProps {
  readonly publication: Publication | undefined;
  readonly onDone: () => void;
}

type Faults = Readonly<Partial<Record<'terms' | 'reason' | 'jurisdictions', string>>>;

/** Shortest that says something, as the service has it. */
const SHORTEST = 3;
const USUAL_DOUBTS = 3;

/** Which list, on which terms, and which part of it. */
export function PublishForm({ publication, onDone }: PublishFormProps) {
  const { data: lists = [] } = useQuery(listsQuery);
  const { data: published = [] } = useQuery(publicationsQuery);
  const [faults, setFaults] = useState<Faults>({});
  const fitting = lists.filter(
    ({ name, content, role }) =>
      content === 'media' && role === 'block' && !published.some(({ list }) => list === name),
  );
  const publishing = useMutation({
    mutationFn: ({ list, terms }: { list: string; terms: PublicationTerms }) => publishList(list, terms),
    onSuccess: async () => {
      onDone();
      await refreshPublishing();
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const text = (name: string): string => String(typed.get(name) ?? '').trim();
    const [terms, reason] = [text('terms'), text('reason')];
    const places = placesFault(text('jurisdictions'));
    const found: Faults = {
      ...(terms.length < SHORTEST && { terms: 'This is needed.' }),
      ...(reason.length < SHORTEST && { reason: 'This is needed.' }),
      ...(places !== undefined && { jurisdictions: places }),
    };
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    const grades = namesIn(text('grades'));
    const jurisdictions = placesIn(text('jurisdictions'));
    publishing.mutate({
      list: publication?.list ?? text('list'),
      terms: {
        ...{ terms, reason, doubts: Number(text('doubts')) || USUAL_DOUBTS },
        ...(grades !== undefined && { grades }),
        ...(jurisdictions !== undefined && { jurisdictions }),
      },
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
        {publication === undefined && (
          <SelectField
            label="List"
            name="list"
            hint={fitting.length === 0 ? 'There is none that is not published yet.' : undefined}
          >
            {fitting.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
        <TextAreaField
          label="Terms"
          name="terms"
          defaultValue={publication?.terms}
          error={faults.terms}
          hint="What those agree to who take it."
          aria-required
        />
        <TextField
          label="Why"
          name="reason"
          error={faults.reason}
          hint="Why it is given away; kept in the record of events."
          aria-required
        />
        <div className="grid gap-x-3 sm:grid-cols-2">
          <TextField
            label="Grades"
            name="grades"
            defaultValue={publication?.grades?.join(', ')}
            hint="Such as A, B; empty for all."
          />
          <TextField
            label="Members in"
            name="jurisdictions"
            defaultValue={publication?.jurisdictions?.join(', ')}
            error={faults.jurisdictions}
            hint="Such as GB, IE; empty for all places."
          />
        </div>
        <TextField
          label="Members who refute an entry before a person looks"
          name="doubts"
          type="number"
          min={1}
          max={1_000}
          defaultValue={publication?.doubts ?? USUAL_DOUBTS}
        />
        {publishing.error !== null && <ProblemNote problem={ApiProblem.from(publishing.error)} />}
      </div>
      <DialogActions>
        <Button
          type="submit"
          look="primary"
          disabled={publishing.isPending || (publication === undefined && fitting.length === 0)}
        >
          {publication === undefined ? 'Publish the list' : 'Change the terms'}
        </Button>
      </DialogActions>
    </form>
  );
}
