import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import type { Kind, TestedFacts, Trial } from '../../api/kinds.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { isListName } from '../lists/list-name.js';
import {
  type FieldFaults,
  hasFaults,
  NO_FAULTS,
  readShape,
  type ShapeFaults,
  type Typed,
  typedIn,
  withoutShapeFault,
} from './shape.js';
import { ShapeFields } from './shape-fields.js';
import { Tested } from './tested.js';

export interface KindFormProps {
  readonly kinds: readonly Kind[];
  /** What is added, such as `source`. */
  readonly noun: string;
  readonly nameHint: string;
  readonly tryOut: (trial: Trial) => Promise<TestedFacts>;
  /** @param typed reads the inputs of `more` */
  readonly add: (told: Trial & { readonly name: string }, typed: Typed) => Promise<unknown>;
  /** More inputs. */
  readonly more?: (faults: FieldFaults) => ReactNode;
  /** What is wrong with those, by their names. */
  readonly moreFaults?: (typed: Typed) => FieldFaults;
  readonly onAdded: () => void;
}

/** What a name may be. */
export const NAME_FAULT = 'Use a to z, 0 to 9, dot, dash, underscore; begin with a letter or digit.';

/** What is typed may be secret: nothing of it is kept. */
const FORGOTTEN = { gcTime: 0 };

/** Something new of a kind, which says what it needs; its connection can be tested before. */
export function KindForm({ kinds, noun, nameHint, tryOut, add, more, moreFaults, onAdded }: KindFormProps) {
  const [chosen, setChosen] = useState(kinds[0]?.kind ?? '');
  const [faults, setFaults] = useState<ShapeFaults>(NO_FAULTS);
  const [others, setOthers] = useState<FieldFaults>({});
  const form = useRef<HTMLFormElement>(null);
  const onError = (error: unknown): void => noticeProblem(ApiProblem.from(error));
  const trying = useMutation({ mutationFn: tryOut, onError, ...FORGOTTEN });
  const adding = useMutation({
    mutationFn: ([told, typed]: Parameters<typeof add>) => add(told, typed),
    onSuccess: onAdded,
    onError,
    ...FORGOTTEN,
  });
  const kind = kinds.find((each) => each.kind === chosen);

  /** What is typed, once nothing is wrong with it; of the name only when it is asked for. */
  const read = (named: boolean) => {
    if (form.current === null || kind === undefined) return undefined;
    const typed = typedIn(form.current);
    const { trial, faults: found } = readShape(kind, typed);
    const name = typed('name');
    const further: FieldFaults = named
      ? { ...(!isListName(name) && { name: NAME_FAULT }), ...moreFaults?.(typed) }
      : {};
    setFaults(found);
    setOthers(further);
    return hasFaults(found) || Object.keys(further).length > 0 ? undefined : { trial, name, typed };
  };
  const test = (): void => {
    const told = read(false);
    if (told === undefined) return;
    adding.reset();
    trying.mutate(told.trial);
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const told = read(true);
    if (told === undefined) return;
    trying.reset();
    adding.mutate([{ ...told.trial, name: told.name }, told.typed]);
  };
  const choose = (next: string): void => {
    setChosen(next);
    setFaults(NO_FAULTS);
    setOthers({});
    trying.reset();
    adding.reset();
  };
  const mend = (field: EventTarget): void => {
    setFaults((before) => withoutShapeFault(before, field));
    setOthers((before) => {
      const name = 'name' in field ? String(field.name) : '';
      return Object.fromEntries(Object.entries(before).filter(([each]) => each !== name));
    });
  };
  const problem = adding.error ?? trying.error;
  const busy = trying.isPending || adding.isPending;

  return (
    <form
      ref={form}
      onSubmit={submit}
      onChange={({ target }) => mend(target)}
      noValidate
      autoComplete="off"
      className="flex flex-col"
    >
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
        <TextField label="Name" name="name" hint={nameHint} error={others['name']} aria-required />
        {kind !== undefined && <ShapeFields key={chosen} kind={kind} faults={faults} />}
        {more?.(others)}
        {problem !== null && <ProblemNote problem={ApiProblem.from(problem)} />}
        <Tested noun={noun} pending={trying.isPending} facts={trying.data} />
      </div>
      <DialogActions>
        <Button disabled={busy} onClick={test}>
          Test the connection
        </Button>
        <Button type="submit" look="primary" disabled={busy}>
          Add the {noun}
        </Button>
      </DialogActions>
    </form>
  );
}
