import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/problem.js';
import { Button } from './button.js';
import { ProblemNote } from './problem-note.js';

interface FetchedProps<T> {
  readonly query: Pick<UseQueryResult<readonly T[]>, 'data' | 'error'> & { readonly refetch: () => unknown };
  /** What is waited for, such as `The proposals are being fetched …`. */
  readonly waiting: string;
  /** What is said when there is none. */
  readonly empty: ReactNode;
  readonly children: (rows: readonly T[]) => ReactNode;
}

/** Rows that come from the service: on the way, not to be had, none, or there. */
export function Fetched<T>({ query: { data, error, refetch }, waiting, empty, children }: FetchedProps<T>) {
  if (data !== undefined) {
    if (data.length > 0) return children(data);
    return <p className="rounded-xl border border-line-strong border-dashed p-6 text-center text-ink-2">{empty}</p>;
  }
  if (error === null) {
    return (
      <p role="status" className="text-ink-2">
        {waiting}
      </p>
    );
  }
  return (
    <ProblemNote problem={ApiProblem.from(error)}>
      <Button size="small" onClick={() => void refetch()}>
        Try again
      </Button>
    </ProblemNote>
  );
}
