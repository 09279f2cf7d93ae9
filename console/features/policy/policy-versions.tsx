import { activatePolicy, type PolicyVersion } from '../../api/policies.js';
import { refreshPolicies } from '../../api/queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { classes } from '../../ui/classes.js';
import { ActButton } from '../acts/act-button.js';
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
              {mayChange && state !== 'active' && (
                <ActButton
                  label="Activate"
                  subject={`version ${number}`}
                  title={`Activate version ${number}?`}
                  description="Verdicts are judged by it from now on, in every process within a second. What was done stays done."
                  reason="needed"
                  hint="Kept in the record of events."
                  confirm="Activate"
                  act={(reason) => activatePolicy(number, reason)}
                  onDone={refreshPolicies}
                />
              )}
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
