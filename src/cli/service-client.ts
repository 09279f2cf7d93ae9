import { Client, type Dispatcher } from 'undici';
import { ERRORS, type ErrorCode, type Problem, VigieError } from '../errors.js';

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

  /** @throws VigieError as the service told it, or `service-not-running` */
  async call<T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    options: { readonly json?: unknown; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const response = await this.request(method, path, {
      ...(options.json === undefined
        ? {}
        : { body: JSON.stringify(options.json), headers: { 'content-type': 'application/json' } }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return (await response.body.json()) as T;
  }

  /** The same with a body and an answer of any kind; an answer that is an error is thrown. */
  async request(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    options: Omit<Dispatcher.RequestOptions, 'method' | 'path' | 'origin'> = {},
  ): Promise<Dispatcher.ResponseData> {
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#client.request({ method, path, ...options });
    } catch (cause) {
      const code = (cause as { code?: unknown } | null)?.code;
      if (code === 'ENOENT' || code === 'ECONNREFUSED') throw new VigieError('service-not-running', { cause });
      throw cause;
    }
    if (response.statusCode >= 400) throw await toError(response);
    return response;
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }
}

async function toError(response: Dispatcher.ResponseData): Promise<VigieError> {
  const problem = (await response.body.json().catch(() => undefined)) as Partial<Problem> | undefined;
  return fromProblem(problem ?? {});
}

export function fromProblem(problem: Partial<Problem>): VigieError {
  const known = problem.code !== undefined && Object.hasOwn(ERRORS, problem.code);
  const code: ErrorCode = known ? (problem.code as ErrorCode) : 'internal';
  return new VigieError(code, problem.detail === undefined ? {} : { detail: problem.detail });
}
