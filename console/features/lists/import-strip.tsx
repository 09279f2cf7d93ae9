import { useObservable } from '../../lib/observable.js';
import { Button } from '../../ui/button.js';
import { importJobs } from './import-jobs.js';
import { ImportProgress } from './import-progress.js';

interface ImportStripProps {
  readonly onShow: (list: string) => void;
}

/** An import whose dialog is closed. */
export function ImportStrip({ onShow }: ImportStripProps) {
  const job = useObservable(importJobs.current);
  if (job === undefined) return null;
  const { request, phase } = job;
  return (
    <div className="mb-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="mb-2 flex items-center justify-between gap-2">
        <p className="min-w-0 truncate font-medium" role="status">
          {phase === 'running' && `Loading ${request.list}`}
          {phase === 'done' && `${request.list} is loaded`}
          {phase === 'failed' && `${request.list} was not loaded`}
        </p>
        <Button size="small" onClick={() => onShow(request.list)}>
          {phase === 'running' ? 'Show' : 'Show the report'}
        </Button>
      </div>
      {phase === 'running' && <ImportProgress job={job} />}
    </div>
  );
}
