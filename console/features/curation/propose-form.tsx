import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type MadeProposal, propose } from '../../api/curation.js';
import { ApiProblem } from '../../api/problem.js';
import { listsQuery, noticeProblem, refreshEntries } from '../../api/queries.js';
import { signalName } from '../../lib/signal-names.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField, withoutFault } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { FileChoice } from '../lists/file-choice.js';
import { type Basis, draftFaults, type FieldFaults, readDraft } from './proposal-draft.js';

interface ProposeFormProps {
  readonly medium: File | undefined;
  readonly onMade: (made: MadeProposal) => void;
}

const BASES: readonly (readonly [Basis, string])[] = [
  ['medium', 'A picture or clip'],
  ['hash', 'A hash'],
  ['verdict', 'A medium of a verdict'],
  ['restore', 'An entry that was withdrawn'],
  ['lift-approval', 'That the list needs no second person'],
];

const TYPES = ['md5', 'sha1', 'sha256', 'pdq', 'photodna'] as const;

/** What is proposed, for which list, and why. */
export function ProposeForm({ medium, onMade }: ProposeFormProps) {
  const { data: lists = [] } = useQuery(listsQuery);
  const [basis, setBasis] = useState<Basis>('medium');
  const [file, setFile] = useState(medium);
  const [faults, setFaults] = useState<FieldFaults>({});
  // Lists that want two persons first: for these alone a proposal is the only way.
  const fitting = lists
    .filter(({ content, sample }) => content === 'media' && !sample)
    .sort((a, b) => Number(b.approval === 'two-person') - Number(a.approval === 'two-person'));
  const making = useMutation({
    mutationFn: (form: FormData) => {
      const { list, draft } = readDraft(form, basis);
      return propose(list, draft, basis === 'medium' ? file : undefined);
    },
    onSuccess: async (made) => {
      await refreshEntries();
      onMade(made);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const found = draftFaults(form, basis, file !== undefined);
    setFaults(found);
    if (Object.keys(found).length === 0) making.mutate(form);
  };
  const describes = basis === 'medium' || basis === 'hash' || basis === 'verdict';
  return (
    <form
      onSubmit={submit}
      onChange={({ target }) => setFaults((before) => withoutFault(before, target))}
      noValidate
      autoComplete="off"
    >
      <div className="space-y-3 px-6 pt-4">
        {medium === undefined && (
          <SelectField
            label="What"
            value={basis}
            onChange={(event) => {
              setBasis(event.target.value as Basis);
              setFaults({});
              making.reset();
            }}
          >
            {BASES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
        )}
        <SelectField
          label="For the list"
          name="list"
          error={faults.list}
          hint={fitting.length === 0 ? 'There is none yet: make one first.' : undefined}
        >
          {fitting.map(({ name, approval }) => (
            <option key={name} value={name}>
              {name}
              {approval === 'none' && ' (needs no second person otherwise)'}
            </option>
          ))}
        </SelectField>
        {basis === 'medium' && (
          <FileChoice
            label="Picture or clip"
            hint="It is hashed, and its bytes are let go"
            error={file === undefined ? faults.file : undefined}
            file={file}
            onFile={setFile}
          />
        )}
        {basis === 'hash' && (
          <div className="grid gap-x-3 sm:grid-cols-[8rem_1fr]">
            <SelectField label="Type" name="type">
              {TYPES.map((type) => (
                <option key={type} value={type}>
                  {signalName(type)}
                </option>
              ))}
            </SelectField>
            <TextField label="Value" name="value" error={faults.value} aria-required />
          </div>
        )}
        {basis === 'verdict' && (
          <div className="grid gap-x-3 sm:grid-cols-[1fr_8rem]">
            <TextField
              label="Id of the verdict"
              name="verdict"
              error={faults.verdict}
              hint="Of an item whose medium can be fetched again."
              aria-required
            />
            <TextField label="Medium" name="medium" inputMode="numeric" defaultValue="0" error={faults.medium} />
          </div>
        )}
        {basis === 'restore' && <TextField label="Id of the entry" name="entry" error={faults.entry} aria-required />}
        {describes && (
          <div className="grid gap-x-3 sm:grid-cols-2">
            <TextField label="Grade" name="grade" hint="Such as A; may stay empty." maxLength={64} />
            <TextField label="Until" name="until" type="date" hint="It ends by itself then; else never." />
          </div>
        )}
        <TextField
          label="Why"
          name="reason"
          maxLength={500}
          error={faults.reason}
          hint="The second person reads it, and those who come after."
          aria-required
        />
        {making.isPending && basis !== 'hash' && describes && (
          <p role="status" className="text-ink-2">
            The medium is being hashed …
          </p>
        )}
        {making.error !== null && <ProblemNote problem={ApiProblem.from(making.error)} />}
      </div>
      <DialogActions>
        <Button type="submit" look="primary" disabled={making.isPending || fitting.length === 0}>
          Propose it
        </Button>
      </DialogActions>
    </form>
  );
}
