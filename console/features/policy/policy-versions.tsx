import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { activatePolicy, type PolicyVersion } from '../../api/policies.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshPolicies } from '../../api/queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { classes } from '../../ui/classes.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';

interface PolicyVersionsProps {
  readonly policies: readonly PolicyVersion[];
  readonly shown: number | undefined;
  readonly onShow: (number: number) => void;
}

const STATES = { draft: 'Draft', active: 'Active', retired: 'Retired' } as const;

export function PolicyVersions({ policies, shown, onShow }: PolicyVersionsProps) {
  const mayChange = useScope('policy:write');
  return (
    <ul className="space-y-2" aria-label="Versions of the policy">
      {policies.map(({ number, state, note, createdBy, created, activated }) => (
        <li
          key={number}
          className={classes('rounded-xl border p-3 text-sm', number === shown ? 'border-ink-3' : 'border-line-strong')}
        >
          <div className="flex items-center justify-between gap-2">
            <span className="font-medium">
              {number} · {STATES[state]}
            </span>
            <span className="flex gap-2">
              <Button size="small" look="quiet" aria-pressed={number === shown} onClick={() => onShow(number)}>
                Show<span className="sr-only"> version {number}</span>
              </Button>
              {mayChange && state !== 'active' && <Activate number={number} />}
            </span>
          </div>
          <p className="mt-1 break-words">{note}</p>
          <p className="mt-0.5 text-ink-3 text-xs">
            {createdBy}, {dateAndTime(created)}
            {activated !== null && `; activated ${dateAndTime(activated)}`}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Activate({ number }: { readonly number: number }) {
  const [asking, setAsking] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (reason: string) => activatePolicy(number, reason),
    onSuccess: async () => {
      setAsking(false);
      await refreshPolicies();
    },
    onError: (thrown) => noticeProblem(ApiProblem.from(thrown)),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    mutate(String(new FormData(event.currentTarget).get('reason') ?? ''));
  };
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)}>
        Activate …<span className="sr-only"> version {number}</span>
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={`Activate version ${number}?`}
        description="Verdicts are judged by it from now on, in every process within a second. What was done stays done."
      >
        <form onSubmit={submit}>
          <div className="space-y-3 px-6 pt-4">
            <TextField label="Reason" name="reason" required maxLength={500} hint="Kept in the record of events." />
            {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => setAsking(false)}>
              Not now
            </Button>
            <Button look="primary" type="submit" disabled={isPending}>
              Activate
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
