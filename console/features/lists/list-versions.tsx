import { useMutation } from '@tanstack/react-query';
import { rollBack } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import type { HashList } from '../../api/types.js';
import { counted, dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface ListVersionsProps {
  readonly list: HashList;
  readonly mayChange: boolean;
}

/** The versions of a list, newest first; those that are kept can be made the current one again. */
export function ListVersions({ list, mayChange }: ListVersionsProps) {
  const back = useMutation({
    mutationFn: (version: number) => rollBack(list.name, version),
    onSuccess: refreshLists,
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  const versions = [...list.versions].sort((a, b) => b.version - a.version);
  return (
    <>
      <ol className="divide-y divide-line text-xs" reversed>
        {versions.map(({ version, state, entries, created, sourceName }) => (
          <li key={version} className="flex items-center gap-2 py-1.5">
            <div className="min-w-0 flex-1">
              <p>
                <span className="font-medium">Version {version}</span>
                <span className="text-ink-2"> · {counted(entries, 'entry', 'entries')}</span>
                {version === list.version && <span className="text-ink-3"> · in force</span>}
              </p>
              <p className="truncate text-ink-3">
                {dateAndTime(created)}
                {sourceName !== null && ` · ${sourceName}`}
              </p>
            </div>
            {mayChange && state === 'kept' && version !== list.version && (
              <Button size="small" disabled={back.isPending} onClick={() => back.mutate(version)}>
                <Icon name="return" className="size-3" />
                Go back
                <span className="sr-only">
                  {' '}
                  to version {version} of {list.name}
                </span>
              </Button>
            )}
          </li>
        ))}
      </ol>
      {back.error !== null && <ProblemNote problem={ApiProblem.from(back.error)} />}
    </>
  );
}
