import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addExemption } from '../../api/brakes.js';
import { platformsQuery, refreshExemptions } from '../../api/enforcement-queries.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField, withoutFault } from '../../ui/field.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { dayAhead, endOfDay } from './days.js';

type Faults = Readonly<Partial<Record<'subject' | 'until' | 'reason', string>>>;

const NEEDED = 'This is needed.';
const A_MONTH = 30;
const A_YEAR = 365;

/** An author or a room is exempt until a day. */
export function AddExemption() {
  const { data: platforms = [] } = useQuery(platformsQuery);
  const [open, setOpen] = useState(false);
  const [faults, setFaults] = useState<Faults>({});
  const adding = useMutation({
    mutationFn: addExemption,
    onSuccess: async () => {
      await refreshExemptions();
      setOpen(false);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const show = (): void => {
    setFaults({});
    adding.reset();
    setOpen(true);
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const text = (name: string): string => String(typed.get(name) ?? '').trim();
    const [subject, reason, until] = [text('subject'), text('reason'), endOfDay(text('until'))];
    const found: Faults = {
      ...(subject === '' && { subject: NEEDED }),
      ...(until === undefined && { until: 'Choose the last day.' }),
      ...(reason === '' && { reason: NEEDED }),
    };
    setFaults(found);
    if (until === undefined || Object.keys(found).length > 0) return;
    const kind = text('kind') === 'account' ? 'account' : 'room';
    adding.mutate({ platform: text('platform'), kind, subject, reason, until });
  };
  return (
    <>
      <Button disabled={platforms.length === 0} onClick={show}>
        <Icon name="plus" />
        Exempt somebody
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Exempt an author or a room"
        description="What rules want to do to them waits for a person. What a person orders is done all the same."
      >
        <form
          onSubmit={submit}
          onChange={({ target }) => setFaults((before) => withoutFault(before, target))}
          noValidate
          autoComplete="off"
        >
          <div className="space-y-3 px-6 pt-4">
            <div className="grid gap-x-3 sm:grid-cols-2">
              <SelectField label="Platform" name="platform">
                {platforms.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </SelectField>
              <SelectField label="Who" name="kind">
                <option value="room">a room</option>
                <option value="account">an author</option>
              </SelectField>
            </div>
            <TextField
              label="Id"
              name="subject"
              hint="As the platform calls the room or the author."
              error={faults.subject}
              aria-required
            />
            <TextField
              label="Last day"
              name="until"
              type="date"
              defaultValue={dayAhead(A_MONTH)}
              min={dayAhead(0)}
              max={dayAhead(A_YEAR)}
              hint="A year ahead at the most."
              error={faults.until}
              aria-required
            />
            <TextField
              label="Reason"
              name="reason"
              maxLength={1_000}
              hint="Kept with it, for those who come after."
              error={faults.reason}
              aria-required
            />
            {adding.error !== null && <ProblemNote problem={ApiProblem.from(adding.error)} />}
          </div>
          <DialogActions>
            <Button type="submit" look="primary" disabled={adding.isPending}>
              Exempt them
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
