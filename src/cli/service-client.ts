import type { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import { ERRORS, type ErrorCode, type Problem, VigieError } from '../errors.js';
import { inOptions } from './option-names.js';

export type ServiceBody = string | Readable;

export interface CallOptions {
  readonly json?: unknown;
  readonly body?: ServiceBody;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Speaks to the service that owns a data directory, through its socket. */
export class ServiceClient {
  readonly #client: Client;

  constructor(socketPath: string) {
    this.#client = new Client('http://localhost', {
      connect: { socketPath, timeout: 5_000 },
      // Imports and compactions take as long as they take; the command can be interrupted at any time.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @throws VigieError as the service told it, `service-not-running`, `service-not-yours` or `service-lost` */
  async call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    const { body } = await this.request(method, path, options);
    try {
      return (await body.json()) as T;
    } catch (cause) {
      throw lostOr(cause);
    }
  }

  /** The same with an answer of any kind; an answer that is an error is thrown. */
  async request(method: Method, path: string, options: CallOptions = {}): Promise<Dispatcher.ResponseData> {
    const { json, body, headers, signal } = options;
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#client.request({
        method,
        path,
        body: json === undefined ? (body ?? null) : JSON.stringify(json),
        headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      throw lostOr(cause);
    }
    if (response.statusCode >= 400) throw await toError(response);
    return response;
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }
}

const CONNECTION: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'service-not-running',
  ECONNREFUSED: 'service-not-running',
  EACCES: 'service-not-yours',
  EPERM: 'service-not-yours',
  ECONNRESET: 'service-lost',
  EPIPE: 'service-lost',
  UND_ERR_SOCKET: 'service-lost',
  UND_ERR_CONNECT_TIMEOUT: 'service-lost',
  UND_ERR_CLOSED: 'service-lost',
  UND_ERR_DESTROYED: 'service-lost',
};

/** What became of the connection; an error of another kind, such as one of the file that was sent, is left as it is. */
export function lostOr(cause: unknown): unknown {
  const { code, syscall } = (cause ?? {}) as { code?: unknown; syscall?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(CONNECTION, code) ? CONNECTION[code] : undefined;
  if (known === undefined || syscall === 'open' || syscall === 'stat') return cause;
  return new VigieError(known, { cause });
}

async function toError(response: Dispatcher.ResponseData): Promise<VigieError> {
  const problem = (await response.body.json().catch(() => undefined)) as Partial<Problem> | undefined;
  return fromProblem(problem ?? {});
}

export function fromProblem(problem: Partial<Problem>): VigieError {
  const known = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code);
  const code: ErrorCode = known ? (problem.code as ErrorCode) : 'internal';
  return new VigieError(code, problem.detail === undefined ? {} : { detail: inOptions(problem.detail) });
}
