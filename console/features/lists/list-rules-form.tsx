import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { changeListRules } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, queryClient, refreshLists } from '../../api/queries.js';
import type { ListRules } from '../../api/types.js';
import { signalName } from '../../lib/signal-names.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface ListRulesFormProps {
  readonly list: string;
  readonly rules: ListRules;
  readonly onDone: () => void;
}

const THRESHOLDS = ['pdq', 'vpdq', 'photodna'] as const;

/** Rules that have no field here, such as members, stay as they are. */
export function ListRulesForm({ list, rules, onDone }: ListRulesFormProps) {
  const changing = useMutation({
    mutationFn: (next: ListRules) => changeListRules(list, next),
    onSuccess: async () => {
      onDone();
      await Promise.all([refreshLists(), queryClient.invalidateQueries({ queryKey: ['rules', list] })]);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    changing.mutate(readRules(new FormData(event.currentTarget), rules));
  };
  const { grades, dropAtNegative, needAffirmative } = rules.rules;
  return (
    <form onSubmit={submit} noValidate className="flex flex-col">
      <div className="space-y-3 px-6 pt-4">
        <SelectField
          label="Effect"
          name="effect"
          hint="In shadow its matches are told, and nothing follows from them."
          defaultValue={rules.role === 'allow' ? 'allow' : rules.shadow ? 'shadow' : 'block'}
        >
          <option value="block">Block: its matches count</option>
          <option value="shadow">Block, in shadow: tried out</option>
          <option value="allow">Allow: known to be good</option>
        </SelectField>
        <TextField
          label="Grades"
          name="grades"
          defaultValue={grades?.join(', ') ?? ''}
          hint="Only entries of these, with commas between; all when empty."
        />
        <div className="grid gap-x-3 sm:grid-cols-2">
          <TextField
            label="Members for it"
            name="needAffirmative"
            inputMode="numeric"
            defaultValue={needAffirmative ?? ''}
            hint="Only entries that so many stand for."
          />
          <TextField
            label="Members against it"
            name="dropAtNegative"
            inputMode="numeric"
            defaultValue={dropAtNegative ?? ''}
            hint="No entry that so many speak against."
          />
        </div>
        <fieldset>
          <legend className="mb-2 font-medium text-sm">Greatest distance that counts</legend>
          <div className="grid grid-cols-3 gap-x-3">
            {THRESHOLDS.map((type) => (
              <TextField
                key={type}
                label={signalName(type)}
                name={type}
                inputMode="numeric"
                placeholder="as everywhere"
                defaultValue={rules.thresholds[type] ?? ''}
              />
            ))}
          </div>
        </fieldset>
        <TextField
          label="Share of media, percent"
          name="sample"
          inputMode="decimal"
          defaultValue={Number((rules.sampleRatio * 100).toFixed(4))}
          hint="The list is applied to so many of them, chosen by chance."
        />
        {changing.error !== null && <ProblemNote problem={ApiProblem.from(changing.error)} />}
      </div>
      <DialogActions>
        <Button type="submit" look="primary" disabled={changing.isPending}>
          Apply the rules
        </Button>
      </DialogActions>
    </form>
  );
}

/** What is no number becomes `null` on the way, which the service refuses in its own words. */
function readRules(form: FormData, before: ListRules): ListRules {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const given = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => text(name) !== '').map((name) => [name, Number(text(name))]));
  const { grades: _, dropAtNegative: __, needAffirmative: ___, ...others } = before.rules;
  const grades = text('grades')
    .split(',')
    .map((grade) => grade.trim())
    .filter((grade) => grade !== '');
  const effect = text('effect');
  // Emptied it must not come to mean that the list is applied to nothing.
  const share = text('sample') === '' ? Number.NaN : Number(text('sample'));
  return {
    role: effect === 'allow' ? 'allow' : 'block',
    // An allow list that is tried out stays so.
    shadow: effect === 'allow' ? before.role === 'allow' && before.shadow : effect === 'shadow',
    rules: {
      ...others,
      ...(grades.length > 0 && { grades }),
      ...given(['dropAtNegative', 'needAffirmative']),
    },
    thresholds: given(THRESHOLDS),
    sampleRatio: share / 100,
  };
}
