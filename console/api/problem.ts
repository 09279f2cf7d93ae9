import type { Problem } from './types.js';

/** Whatever went wrong between the console and the service, always with what to do about it. */
export class ApiProblem extends Error implements Problem {
  override readonly name = 'ApiProblem';
  readonly title: string;
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly remedy: string;
  readonly requestId?: string;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.title, options);
    this.title = problem.title;
    this.status = problem.status;
    this.code = problem.code;
    this.remedy = problem.remedy;
    if (problem.detail !== undefined) this.detail = problem.detail;
    if (problem.requestId !== undefined) this.requestId = problem.requestId;
  }

  /** Any thrown value as a problem; a failed `fetch` means that there was no answer. */
  static from(thrown: unknown): ApiProblem {
    return thrown instanceof ApiProblem ? thrown : noAnswer(thrown);
  }
}

export function noAnswer(cause?: unknown): ApiProblem {
  return new ApiProblem(
    {
      title: 'The service did not answer.',
      status: 0,
      code: 'no-answer',
      remedy: 'Check that Vigie is running and that this machine can reach it, then try again.',
    },
    { cause },
  );
}

/** Reads an error answer; one that is no problem document still says its status. */
export function problemFrom(status: number, text: string): ApiProblem {
  const fallback: Problem = {
    title: `The service answered with status ${status}.`,
    status,
    code: 'unexpected-answer',
    remedy: 'Try again; if it stays so, look into the log of the service.',
  };
  try {
    const told = JSON.parse(text) as Partial<Problem>;
    return new ApiProblem({ ...fallback, ...told, status });
  } catch {
    return new ApiProblem(fallback);
  }
}

export function isAborted(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}
