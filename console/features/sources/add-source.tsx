import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { sourceKindsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { AddSourceForm } from './add-source-form.js';

/** A button, and the form behind it. */
export function AddSource() {
  const [open, setOpen] = useState(false);
  const { data: kinds, error } = useQuery({ ...sourceKindsQuery, enabled: open });
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Icon name="plus" />
        Add a source
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Add a source"
        description="Its list follows what it tells, from the first sync on."
      >
        {kinds === undefined && (
          <div className="p-6">
            {error === null ? (
              <p role="status">The kinds of sources are being fetched …</p>
            ) : (
              <ProblemNote problem={ApiProblem.from(error)} />
            )}
          </div>
        )}
        {kinds !== undefined && <AddSourceForm kinds={kinds} onAdded={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}
