import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { diffVersions } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import type { EntryChanges, VersionDiff } from '../../api/types.js';
import { count, counted } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface VersionDiffDialogProps {
  readonly list: string;
  readonly current: number;
  readonly version: number;
  readonly onClose: () => void;
  /** What can be done about it. */
  readonly children: ReactNode;
}

/** What going back to a version would change, in counts; never which entries. */
export function VersionDiffDialog({ list, current, version, onClose, children }: VersionDiffDialogProps) {
  const { data: diff, error } = useQuery({
    queryKey: ['diff', list, current, version],
    queryFn: ({ signal }) => diffVersions(list, current, version, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Version ${version} of ${list}`}
      description={`How it differs from version ${current}, which is in force.`}
    >
      <div className="px-6 pt-4">
        {diff === undefined && error === null && <p role="status">The versions are being compared …</p>}
        {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
        {diff !== undefined && <Differences diff={diff} />}
      </div>
      <DialogActions>{children}</DialogActions>
    </Dialog>
  );
}

function Differences({ diff }: { readonly diff: VersionDiff }) {
  const rows: (readonly [string, EntryChanges])[] = [
    ['All', diff],
    ...Object.entries(diff.signals).map(([type, each]) => [`With ${signalName(type)}`, each] as const),
    ...Object.entries(diff.grades).map(([grade, each]) => [`Grade ${grade === '' ? 'none' : grade}`, each] as const),
  ];
  return (
    <>
      <div className="max-h-72 overflow-y-auto">
        <table className="w-full text-sm">
          <thead className="text-ink-3 text-xs">
            <tr>
              <th scope="col" className="py-1 text-left font-medium">
                Entries
              </th>
              {['Added', 'Changed', 'Removed'].map((title) => (
                <th key={title} scope="col" className="py-1 pl-3 text-right font-medium">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map(([name, { added, changed, removed }]) => (
              <tr key={name}>
                <th scope="row" className="break-all py-1.5 text-left font-normal">
                  {name}
                </th>
                <td className="py-1.5 pl-3 text-right">{count(added)}</td>
                <td className="py-1.5 pl-3 text-right">{count(changed)}</td>
                <td className="py-1.5 pl-3 text-right">{count(removed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mt-3 text-ink-3 text-xs">{counted(diff.unchanged, 'entry is', 'entries are')} the same in both.</p>
    </>
  );
}
