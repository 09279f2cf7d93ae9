import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshSources } from '../../api/queries.js';
import { addSource, type SourceTrial, tryOutSource } from '../../api/sources.js';
import type { SourceKind } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Facts } from '../../ui/facts.js';
import { SelectField, TextField } from '../../ui/field.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { isListName } from '../lists/list-name.js';
import { fieldsOf, readFields } from './schema-fields.js';
import { SchemaForm } from './schema-form.js';

interface AddSourceFormProps {
  readonly kinds: readonly SourceKind[];
  readonly onAdded: () => void;
}

const NO_FAULTS = {};

interface Faults {
  readonly name?: string;
  readonly list?: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
}

/** A new source: the kind says what it needs. It is added once its connection was tested. */
export function AddSourceForm({ kinds, onAdded }: AddSourceFormProps) {
  const [chosen, setChosen] = useState(kinds[0]?.kind ?? '');
  const [faults, setFaults] = useState<Faults>({ settings: NO_FAULTS, credentials: NO_FAULTS });
  const form = useRef<HTMLFormElement>(null);
  const onError = (error: unknown): void => noticeProblem(ApiProblem.from(error));
  const trying = useMutation({ mutationFn: (trial: SourceTrial) => tryOutSource(trial), onError });
  const adding = useMutation({
    mutationFn: addSource,
    onSuccess: async () => {
      await refreshSources();
      onAdded();
    },
    onError,
  });
  const kind = kinds.find((each) => each.kind === chosen);
  const settings = fieldsOf(kind?.settings);
  const credentials = fieldsOf(kind?.credentials);

  /** What is typed, once nothing is wrong with it; of the name only when it is asked for. */
  const read = (named: boolean) => {
    if (form.current === null || kind === undefined) return undefined;
    const typed = new FormData(form.current);
    const text = (name: string): string => String(typed.get(name) ?? '').trim();
    const set = readFields(settings, (name) => text(`settings.${name}`));
    const secret = readFields(credentials, (name) => text(`credentials.${name}`));
    const [name, list] = [text('name'), text('list')];
    const wrong = 'Use a to z, 0 to 9, dot, dash, underscore; begin with a letter or digit.';
    const found: Faults = {
      ...(named && !isListName(name) && { name: wrong }),
      ...(named && list !== '' && !isListName(list) && { list: wrong }),
      ...{ settings: set.faults, credentials: secret.faults },
    };
    setFaults(found);
    const empty = [found.settings, found.credentials].every((each) => Object.keys(each).length === 0);
    if (!empty || found.name !== undefined || found.list !== undefined) return undefined;
    const trial = {
      ...{ kind: kind.kind, settings: set.value },
      ...(credentials.length > 0 && { credentials: secret.value }),
    };
    return { ...trial, name, ...(list !== '' && { list }) };
  };
  const test = (): void => {
    const told = read(false);
    if (told === undefined) return;
    const { name: _, list: __, ...trial } = told;
    adding.reset();
    trying.mutate(trial);
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const told = read(true);
    if (told === undefined) return;
    trying.reset();
    adding.mutate(told);
  };
  const choose = (next: string): void => {
    setChosen(next);
    setFaults({ settings: NO_FAULTS, credentials: NO_FAULTS });
    trying.reset();
    adding.reset();
  };
  const problem = adding.error ?? trying.error;
  const busy = trying.isPending || adding.isPending;

  return (
    <form ref={form} onSubmit={submit} noValidate autoComplete="off" className="flex flex-col">
      <div className="space-y-3 px-6 pt-4">
        <SelectField
          label="Kind"
          hint={kind?.description}
          value={chosen}
          onChange={(event) => choose(event.target.value)}
        >
          {kinds.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.title}
            </option>
          ))}
        </SelectField>
        <TextField label="Name" name="name" hint="How you will call it." error={faults.name} aria-required />
        <fieldset key={`${chosen}-settings`} className="space-y-3">
          <legend className="sr-only">Settings</legend>
          <SchemaForm fields={settings} prefix="settings." faults={faults.settings} />
        </fieldset>
        {credentials.length > 0 && (
          <fieldset key={`${chosen}-credentials`} className="space-y-3 rounded-xl border border-line p-4">
            <legend className="px-1 font-medium text-sm">Credentials</legend>
            <p className="text-ink-2 text-xs">They are sealed in the database, and never shown again.</p>
            <SchemaForm fields={credentials} prefix="credentials." faults={faults.credentials} secret />
          </fieldset>
        )}
        <Disclosure summary="Into a list of another name">
          <TextField
            label="List"
            name="list"
            hint="Made when there is none; named as the source when left empty."
            error={faults.list}
          />
        </Disclosure>
        {problem !== null && <ProblemNote problem={ApiProblem.from(problem)} />}
        <div role="status">
          {trying.isPending && <p className="text-ink-2">Asking the source …</p>}
          {trying.data !== undefined && (
            <div className="rounded-lg border border-line bg-sunken p-3">
              <p className="mb-2 flex items-center gap-2 font-medium">
                <Icon name="check" className="size-4 text-good" />
                The source answers
              </p>
              <Facts facts={Object.entries(trying.data)} />
            </div>
          )}
        </div>
      </div>
      <DialogActions>
        <Button disabled={busy} onClick={test}>
          Test the connection
        </Button>
        <Button type="submit" look="primary" disabled={busy}>
          Add the source
        </Button>
      </DialogActions>
    </form>
  );
}
