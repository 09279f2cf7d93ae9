import type { HashList } from '../../api/types.js';
import { useObservable } from '../../lib/observable.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { type ImportJob, importJobs } from './import-jobs.js';
import { ImportProgress } from './import-progress.js';
import { ImportReport } from './import-report.js';
import { LoadListForm } from './load-list-form.js';

interface LoadListDialogProps {
  readonly lists: readonly HashList[];
  /** The list that gets a new version, empty for a new list; undefined while the dialog is closed. */
  readonly target: string | undefined;
  readonly onClose: () => void;
}

/** From a file to a list that matches, with a report of what could not be used. */
export function LoadListDialog({ lists, target, onClose }: LoadListDialogProps) {
  const job = useObservable(importJobs.current);
  const close = (): void => {
    importJobs.dismiss();
    onClose();
  };
  return (
    <Dialog
      open={target !== undefined}
      onOpenChange={(open) => {
        if (!open) close();
      }}
      title={titleOf(job, target)}
      description={descriptionOf(job)}
    >
      {job === undefined && (
        <LoadListForm lists={lists} list={target ?? ''} onSubmit={(request) => void importJobs.start(request)} />
      )}
      {job?.phase === 'running' && (
        <>
          <div className="px-6 pt-5">
            <ImportProgress job={job} />
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => importJobs.cancel()}>
              Cancel the import
            </Button>
            <Button onClick={close}>Go on in the background</Button>
          </DialogActions>
        </>
      )}
      {job?.phase === 'failed' && (
        <>
          <div className="px-6 pt-4">
            <ProblemNote problem={job.problem} />
          </div>
          <DialogActions>
            <Button look="quiet" onClick={() => importJobs.dismiss()}>
              Choose again
            </Button>
            <Button look="primary" onClick={() => void importJobs.start(job.request)}>
              Try again
            </Button>
          </DialogActions>
        </>
      )}
      {job?.phase === 'done' && (
        <>
          <div className="px-6 pt-4">
            <ImportReport result={job.result} />
          </div>
          <DialogActions>
            <Button look="primary" onClick={close}>
              Done
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}

function titleOf(job: ImportJob | undefined, target: string | undefined): string {
  if (job?.phase === 'running') return `Loading ${job.request.list}`;
  if (job?.phase === 'failed') return 'The list was not loaded';
  if (job?.phase === 'done') return `${job.request.list} is loaded`;
  return target === undefined || target === '' ? 'Load a list' : `New version of ${target}`;
}

function descriptionOf(job: ImportJob | undefined): string {
  if (job?.phase === 'failed') return 'All of a list is taken or nothing of it: what was there before is in force.';
  if (job?.phase === 'done') return 'This is what became of the records in the file.';
  return 'The new version takes the place of the old one at the end, in one step.';
}
