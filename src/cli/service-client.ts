import type { Readable } from 'node:stream';
import { json as parsed } from 'node:stream/consumers';
import { ERRORS, type ErrorCode, type Problem, VigieError } from '../errors.js';
import { type HttpAnswer, httpRequest } from '../runtime/http-request.js';
import { inOptions } from './option-names.js';

export type ServiceBody = string | Readable;

export interface CallOptions {
  readonly json?: unknown;
  readonly body?: ServiceBody;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const CONNECT_MS = 5_000;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Speaks to the service that owns a data directory, through its socket. */
export class ServiceClient {
  readonly #socketPath: string;
  readonly #closed = new AbortController();

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws VigieError as the service told it, `service-not-running`, `service-not-yours` or `service-lost` */
  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const { body } = await this.request(method, path, options);
    try {
      return (await parsed(body)) as T;
    } catch (cause) {
      throw lostOr(cause);
    }
  }

  /** The same with an answer of any kind; an answer that is an error is thrown. */
  async request(method: Method, path: string, options: CallOptions = {}): Promise<HttpAnswer> {
    const { json, body, headers, signal } = options;
    let response: HttpAnswer;
    try {
      // Imports and compactions take as long as they take; the command can be interrupted at any time.
      response = await httpRequest(new URL(path, 'http://localhost'), {
        method,
        body: json === undefined ? body : JSON.stringify(json),
        headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...{ socketPath: this.#socketPath, connectMs: CONNECT_MS },
        signal: AbortSignal.any([this.#closed.signal, ...(signal === undefined ? [] : [signal])]),
      });
    } catch (cause) {
      throw lostOr(cause);
    }
    if (response.status >= 400) throw await toError(response);
    return response;
  }

  async close(): Promise<void> {
    this.#closed.abort(new VigieError('service-lost'));
  }
}

const CONNECTION: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'service-not-running',
  ECONNREFUSED: 'service-not-running',
  EACCES: 'service-not-yours',
  EPERM: 'service-not-yours',
  ECONNRESET: 'service-lost',
  EPIPE: 'service-lost',
  ETIMEDOUT: 'service-lost',
};

/** What became of the connection; an error of another kind, such as one of the file that was sent, is left as it is. */
export function lostOr(cause: unknown): unknown {
  const { code, syscall } = (cause ?? {}) as { code?: unknown; syscall?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(CONNECTION, code) ? CONNECTION[code] : undefined;
  if (known === undefined || syscall === 'open' || syscall === 'stat') return cause;
  return new VigieError(known, { cause });
}

async function toError({ body }: HttpAnswer): Promise<VigieError> {
  const problem = (await parsed(body).catch(() => undefined)) as Partial<Problem> | undefined;
  return fromProblem(problem ?? {});
}

export function fromProblem(problem: Partial<Problem>): VigieError {
  const known = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code);
  const code: ErrorCode = known ? (problem.code as ErrorCode) : 'internal';
  return new VigieError(code, problem.detail === undefined ? {} : { detail: inOptions(problem.detail) });
}
