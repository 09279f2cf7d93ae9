import { type UseQueryOptions, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds.js';
import { ApiProblem } from '../../api/problem.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { KindForm, type KindFormProps } from './kind-form.js';

interface AddOfKindProps extends Omit<KindFormProps, 'kinds' | 'onAdded'> {
  readonly query: UseQueryOptions<readonly Kind[], Error, readonly Kind[], string[]>;
  readonly description: string;
}

/** A button, and the form behind it. */
export function AddOfKind({ query, description, ...form }: AddOfKindProps) {
  const [open, setOpen] = useState(false);
  const { data: kinds, error } = useQuery({ ...query, enabled: open });
  const title = `Add a ${form.noun}`;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Icon name="plus" />
        {title}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title} description={description}>
        {kinds === undefined && (
          <div className="p-6">
            {error === null ? (
              <p role="status">The kinds of {form.noun}s are being fetched …</p>
            ) : (
              <ProblemNote problem={ApiProblem.from(error)} />
            )}
          </div>
        )}
        {kinds !== undefined && <KindForm kinds={kinds} {...form} onAdded={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}
