import { bytes, count, counted } from '../../lib/in-words.js';
import { ProgressBar } from '../../ui/progress-bar.js';
import type { ImportJob } from './import-jobs.js';

interface ImportProgressProps {
  readonly job: ImportJob & { readonly phase: 'running' };
}

/** How far an import has come: first what was sent, then what the service made of it. */
export function ImportProgress({ job: { request, sent, progress } }: ImportProgressProps) {
  const { size } = request.file;
  const done = progress?.stage === 'writing' || (sent >= size && progress === undefined);
  const read = Math.max(sent, progress?.bytesRead ?? 0);
  const value = done || size === 0 ? null : Math.min(1, read / size);
  return (
    <div className="space-y-2">
      <ProgressBar label={`Loading ${request.list}`} value={value} />
      <p className="flex flex-wrap justify-between gap-x-4 text-ink-2 text-xs">
        <span>
          {bytes(Math.min(size, sent))} of {bytes(size)} sent
        </span>
        <span>
          {progress === undefined
            ? 'nothing read yet'
            : `${counted(progress.records, 'record')} read, ${count(progress.rejected)} rejected`}
        </span>
      </p>
    </div>
  );
}
