import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { rollBack } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshLists } from '../../api/queries.js';
import type { HashList } from '../../api/types.js';
import { counted, dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { VersionDiffDialog } from './version-diff-dialog.js';

interface ListVersionsProps {
  readonly list: HashList;
  readonly mayChange: boolean;
}

/** The versions of a list, newest first; those that are kept can be compared, and made the current one again. */
export function ListVersions({ list, mayChange }: ListVersionsProps) {
  const [lookedAt, setLookedAt] = useState<number>();
  const back = useMutation({
    mutationFn: (version: number) => rollBack(list.name, version),
    onSuccess: async () => {
      setLookedAt(undefined);
      await refreshLists();
    },
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
            {state === 'kept' && version !== list.version && list.version !== null && (
              <Button size="small" onClick={() => setLookedAt(version)}>
                Compare
                <span className="sr-only">
                  {' '}
                  version {version} of {list.name}
                </span>
              </Button>
            )}
          </li>
        ))}
      </ol>
      {lookedAt !== undefined && list.version !== null && (
        <VersionDiffDialog
          list={list.name}
          current={list.version}
          version={lookedAt}
          onClose={() => {
            setLookedAt(undefined);
            back.reset();
          }}
        >
          {back.error !== null && <ProblemNote problem={ApiProblem.from(back.error)} />}
          {mayChange && (
            <Button look="primary" disabled={back.isPending} onClick={() => back.mutate(lookedAt)}>
              <Icon name="return" />
              Go back to version {lookedAt}
            </Button>
          )}
        </VersionDiffDialog>
      )}
    </>
  );
}
