import { useMutation } from '@tanstack/react-query';
import { type ComponentProps, type FormEvent, type ReactNode, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface ActButtonProps {
  /** On the button; the dialog says the same as a sentence. */
  readonly label: string;
  /** What it is done to, for those who hear the page. */
  readonly subject: string;
  readonly title: string;
  readonly description: ReactNode;
  /** Whether a reason is asked for, and must be given. */
  readonly reason: 'needed' | 'none';
  readonly hint?: string;
  /** More to choose, above the reason; its state is the caller's. */
  readonly more?: ReactNode;
  /** On the button that does it. */
  readonly confirm: string;
  readonly keep?: string;
  readonly look?: ComponentProps<typeof Button>['look'];
  readonly confirmLook?: 'primary' | 'danger';
  readonly act: (reason: string) => Promise<unknown>;
  readonly onDone: () => Promise<void> | void;
}

const REASON_LENGTH = 500;

/** Something that is done with a word of why, after a question. */
export function ActButton(props: ActButtonProps) {
  const { label, subject, title, description, reason, hint, more, confirm, keep = 'Not now' } = props;
  const { look = 'plain', confirmLook = 'primary', act, onDone } = props;
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const acting = useMutation({
    mutationFn: () => act(typed.trim()),
    onSuccess: async () => {
      await onDone();
      change(false);
    },
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const change = (next: boolean): void => {
    setOpen(next);
    setTyped('');
    acting.reset();
  };
  const lacks = reason === 'needed' && typed.trim() === '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The dialog may stand in another form of the page, though not in that of the document.
    event.stopPropagation();
    if (!lacks) acting.mutate();
  };
  return (
    <>
      <Button size="small" look={look} onClick={() => change(true)}>
        {label} …<span className="sr-only"> {subject}</span>
      </Button>
      <Dialog open={open} onOpenChange={change} title={title} description={description}>
        <form onSubmit={submit} noValidate>
          <div className="space-y-3 px-6 pt-4 empty:hidden">
            {more}
            {reason === 'needed' && (
              <TextField
                label="Reason"
                value={typed}
                maxLength={REASON_LENGTH}
                onChange={(event) => setTyped(event.target.value)}
                hint={hint ?? 'Kept with it, for those who come after.'}
              />
            )}
            {acting.error !== null && <ProblemNote problem={ApiProblem.from(acting.error)} />}
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => change(false)}>
              {keep}
            </Button>
            <Button type="submit" look={confirmLook} disabled={lacks || acting.isPending}>
              {confirm}
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
