import createApi, {
  type Client,
  type ClientPathsWithMethod,
  type MaybeOptionalInit,
  type MethodResponse,
} from 'openapi-fetch';
import type { paths } from './api.generated.js';
import { type ItemFile, itemForm } from './item-form.js';
import { type PatienceOptions, patientFetch } from './patient-fetch.js';
import { VigieProblem } from './problem.js';

export interface VigieClientOptions {
  /** Where the service is, such as `https://vigie.example.org`. */
  readonly baseUrl: string;
  /** A key of `vigie key create`, with the scopes of what is asked. */
  readonly key: string;
  /** Milliseconds that one attempt may take; 30 s when left out. */
  readonly timeoutMs?: number;
  /** Attempts for what may be sent twice; 5 when left out, 1 for never again. */
  readonly attempts?: number;
  /** A longer Retry-After is left to the caller, milliseconds; 30 s when left out. */
  readonly longestWaitMs?: number;
  /** In place of the global `fetch`. */
  readonly fetch?: PatienceOptions['fetch'];
}

type Api = Client<paths>;

/** The answer as the API describes it; a stream, text and so on with `parseAs`. */
type Ask<Method extends 'get' | 'post' | 'put' | 'delete'> = <
  Path extends ClientPathsWithMethod<Api, Method>,
  Init extends MaybeOptionalInit<paths[Path], Method>,
>(
  path: Path,
  ...init: object extends Init ? [init?: Init] : [init: Init]
) => Promise<MethodResponse<Api, Method, Path, Init>>;

export type Item = paths['/v1/items']['post']['requestBody']['content']['application/json'];
export type ItemReceipt = paths['/v1/items']['post']['responses'][202]['content']['application/json'];

/** Every call gives what the service answers, or throws `VigieProblem`. A `signal` of the caller ends it. */
export interface VigieClient {
  readonly GET: Ask<'get'>;
  readonly POST: Ask<'post'>;
  readonly PUT: Ask<'put'>;
  readonly DELETE: Ask<'delete'>;
  /** Hands an item in with the bytes of its media, which flow. May be done again: the same item is taken once. */
  handIn(item: Item, files: readonly ItemFile[], options?: { readonly signal?: AbortSignal }): Promise<ItemReceipt>;
}

/** A client of the whole API. It holds no connection of its own and needs no closing. */
export function createClient(options: VigieClientOptions): VigieClient {
  const { key, fetch = globalThis.fetch, timeoutMs = 30_000, attempts = 5, longestWaitMs = 30_000 } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const patience = { fetch: (request: Request) => fetch(request), timeoutMs, attempts, longestWaitMs };
  const headers = { authorization: `Bearer ${key}` };
  const api = createApi<paths>({
    ...{ baseUrl, headers },
    fetch: (request) => patientFetch(() => request.clone(), patience),
  });
  // Each method of the library gives the answer beside what else there is of it; errors were thrown before.
  const asking = (method: 'GET' | 'POST' | 'PUT' | 'DELETE') => {
    const ask = api[method] as (path: string, init?: object) => Promise<{ readonly data?: unknown }>;
    return async (path: string, init?: object) => (await ask(path, init).catch(asProblem)).data;
  };
  return {
    ...({ GET: asking('GET'), POST: asking('POST'), PUT: asking('PUT'), DELETE: asking('DELETE') } as unknown as Pick<
      VigieClient,
      'GET' | 'POST' | 'PUT' | 'DELETE'
    >),
    handIn: async (item, files, { signal } = {}) => {
      const make = () => {
        const { contentType, body } = itemForm(item, files);
        return new Request(`${baseUrl}/v1/items`, {
          ...{ method: 'POST', headers: { ...headers, 'content-type': contentType }, body, duplex: 'half' },
          ...(signal === undefined ? {} : { signal }),
        });
      };
      const answer = await patientFetch(make, patience);
      return (await answer.json().catch(asProblem)) as ItemReceipt;
    },
  };
}

/** An answer that broke off, or is no JSON. */
function asProblem(thrown: unknown): never {
  if (thrown instanceof VigieProblem) throw thrown;
  if (thrown instanceof SyntaxError) {
    throw new VigieProblem('answer-odd', { title: 'The answer is not of the service.', cause: thrown });
  }
  const name = thrown instanceof Error ? thrown.name : '';
  if (name !== 'TimeoutError' && name !== 'TypeError') throw thrown;
  throw new VigieProblem('no-answer', { title: 'The answer broke off.', cause: thrown });
}
