import type { ErrorCode } from '../errors.js';

/** What the client itself can meet, beside the errors of the service. */
export type ClientErrorCode = 'no-answer' | 'answer-odd' | 'signature-invalid';

export interface ProblemOptions {
  readonly status?: number | undefined;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly remedy?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** Whatever goes wrong. `code` is stable: docs/errors.md has those of the service. */
export class VigieProblem extends Error {
  override readonly name = 'VigieProblem';
  readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  readonly detail: string | undefined;
  /** What to do about it. */
  readonly remedy: string | undefined;
  /** Names the request in the log of the service. */
  readonly requestId: string | undefined;
  /** Seconds until it may be tried again. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode | ClientErrorCode, options: ProblemOptions) {
    const { title, detail, status, remedy, requestId, retryAfter, cause } = options;
    super(detail === undefined ? title : `${title} (${detail})`, { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.remedy = remedy;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

const PROBLEM_CHARS = 64 * 2 ** 10;

/** Reads the problem that an answer tells of; one that tells of none, as of a proxy, is `answer-odd`. */
export async function problemOf(answer: Response, retryAfter: number | undefined): Promise<VigieProblem> {
  const { status } = answer;
  const text = await answer.text().catch(() => '');
  const said = text.length > PROBLEM_CHARS ? undefined : parse(text);
  if (typeof said?.['code'] !== 'string') {
    return new VigieProblem('answer-odd', { status, retryAfter, title: `The answer ${status} is not of the service.` });
  }
  const field = (name: string) => (typeof said[name] === 'string' ? said[name] : undefined);
  const title = field('title') ?? `The service answered ${status}.`;
  const more = { detail: field('detail'), remedy: field('remedy'), requestId: field('requestId') };
  // A newer service may know codes that this package does not.
  return new VigieProblem(said['code'] as ErrorCode, { status, title, retryAfter, ...more });
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
