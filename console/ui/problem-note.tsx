import type { ReactNode } from 'react';
import type { Problem } from '../api/types.js';
import { Icon } from './icon.js';

interface ProblemNoteProps {
  readonly problem: Problem;
  /** What can be done from here, such as a button to try again. */
  readonly children?: ReactNode;
}

/** An error as something to act upon: what happened, what exactly, what to do. */
export function ProblemNote({ problem, children }: ProblemNoteProps) {
  return (
    <div role="alert" className="flex gap-2.5 rounded-lg border border-match-line bg-match-wash p-3 text-sm">
      <Icon name="alert" className="mt-0.5 size-4 text-match-ink" />
      <div className="min-w-0 flex-1">
        <ProblemWords problem={problem} />
        {children !== undefined && <div className="mt-2.5 flex flex-wrap gap-2">{children}</div>}
      </div>
    </div>
  );
}

export function ProblemWords({ problem }: { readonly problem: Problem }) {
  return (
    <>
      <p className="font-medium">{problem.title}</p>
      {problem.detail !== undefined && <p className="mt-0.5 break-words text-ink-2">{capital(problem.detail)}.</p>}
      <p className="mt-0.5 text-ink-2">{problem.remedy}</p>
      <p className="mt-1.5 font-mono text-2xs text-ink-3">
        {problem.code}
        {problem.requestId !== undefined && ` · request ${problem.requestId}`}
      </p>
    </>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');
