import { ApiProblem } from '../../api/problem.js';
import { counted } from '../../lib/in-words.js';

export interface Decided {
  readonly done: number;
  /** Why the others were not, the same once. */
  readonly failed: ReadonlyMap<string, number>;
}

/**
 * Decides one after the other. What the service says no to is left as it is, and told.
 * @throws ApiProblem when the service is away, or the session is over: the rest would fail, too
 */
export async function decideMany(ids: readonly string[], decide: (id: string) => Promise<unknown>): Promise<Decided> {
  const failed = new Map<string, number>();
  let done = 0;
  for (const id of ids) {
    try {
      await decide(id);
      done++;
    } catch (thrown) {
      const problem = ApiProblem.from(thrown);
      if (problem.status === 0 || problem.status === 401) throw problem;
      failed.set(problem.title, (failed.get(problem.title) ?? 0) + 1);
    }
  }
  return { done, failed };
}

/** `3 actions were approved. 2 actions were not: Enforcement is stopped for this platform.` */
export function decidedInWords({ done, failed }: Decided, what: string): string {
  const words = (n: number): string => counted(n, 'action was', 'actions were');
  return [
    ...(done > 0 ? [`${words(done)} ${what}.`] : []),
    ...[...failed].map(([title, n]) => `${words(n)} not: ${title}`),
  ].join(' ');
}
