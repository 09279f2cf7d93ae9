import { useMutation, useQuery } from '@tanstack/react-query';
import { getSample } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, samplesQuery } from '../../api/queries.js';
import type { Sample } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { take } from './incoming.js';

/** Generated pictures and clips to try Vigie with. */
export function Samples() {
  const { data: samples } = useQuery(samplesQuery);
  const fetching = useMutation({
    mutationFn: (wanted: readonly Sample[]) =>
      Promise.all(wanted.map(async (sample) => ({ ...sample, bytes: await getSample(sample.name) }))),
    onSuccess: take,
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  if (samples === undefined || samples.length === 0) return null;
  return (
    <div className="mt-5 border-line border-t pt-4">
      <div className="flex items-center justify-between gap-3">
        <h3 className="text-ink-2 text-xs" id="samples-title">
          Or try generated pictures and clips
        </h3>
        <Button size="small" disabled={fetching.isPending} onClick={() => fetching.mutate(samples)}>
          Scan all {samples.length}
        </Button>
      </div>
      <ul
        aria-labelledby="samples-title"
        className="mt-2.5 -mx-5 flex gap-1.5 overflow-x-auto px-5 pb-1 sm:mx-0 sm:flex-wrap sm:px-0 sm:pb-0"
      >
        {samples.map((sample) => (
          <li key={sample.name}>
            <button
              type="button"
              title={sample.name}
              className="whitespace-nowrap rounded-full border border-line bg-canvas px-2.5 py-1 text-ink-2 text-xs transition-colors hover:border-line-strong hover:text-ink"
              onClick={() => fetching.mutate([sample])}
            >
              {sample.title}
            </button>
          </li>
        ))}
      </ul>
      {fetching.error !== null && (
        <div className="mt-3">
          <ProblemNote problem={ApiProblem.from(fetching.error)} />
        </div>
      )}
    </div>
  );
}
