import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { ApiProblem } from '../api/problem.js';
import { Button } from './button.js';
import { ProblemNote } from './problem-note.js';

interface MoreProps {
  readonly query: Pick<
    UseInfiniteQueryResult,
    'hasNextPage' | 'fetchNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error'
  >;
  /** On the button, such as `Show older ones`. */
  readonly label: string;
}

/** The way to the next page of a list; not there behind the last. */
export function More({ query, label }: MoreProps) {
  const { hasNextPage, fetchNextPage, isFetchingNextPage, isFetchNextPageError, error } = query;
  if (!hasNextPage) return null;
  return (
    <div className="mt-4 space-y-3 text-center">
      {isFetchNextPageError && error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
      <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {label}
      </Button>
    </div>
  );
}
