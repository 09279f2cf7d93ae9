import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Principal } from '../access/principal.js';
import type { QuotaName } from '../access/quotas.js';
import type { Scope } from '../access/scopes.js';
import type { Services } from './services.js';

type Schema = z.ZodType;
type Output<T> = T extends Schema ? z.output<T> : undefined;

/** What a handler is given: validated input, who asks, and what the service offers. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** Aborted when the client goes away or the time for the request is over. */
  readonly signal: AbortSignal;
  readonly services: Services;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface Definition<
  Params extends Schema | undefined,
  Query extends Schema | undefined,
  Body extends Schema | undefined,
  Answer extends Schema | undefined,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /**
   * What the caller must be allowed to do. `public` is said aloud: there is no default. `member`: whoever lists are
   * published to, with a key that opens nothing else.
   */
  readonly scope: Scope | 'public' | 'member';
  /** What it is counted as; `other` when left out. */
  readonly quota?: QuotaName;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** What a body that the handler reads by itself looks like, by content type; with an example in the schema's `examples`. */
  readonly consumes?: Readonly<Record<string, Schema>>;
  /** A body that may take as long as it takes, as long as it goes on; others must be here within the upload limit. */
  readonly upload?: 'long';
  /** The largest body, bytes, where it is less than for others. */
  readonly bodyLimit?: number;
  /** For `public`: asked before the body is read. @throws whatever is to be answered */
  readonly admit?: (request: FastifyRequest, services: Services) => Promise<void>;
  /** Shape of the JSON answer; absent when the handler writes something else. */
  readonly answer?: Answer;
  /** Content type of an answer that is not JSON. */
  readonly produces?: string;
  readonly status?: number;
  readonly handle: (
    call: Call<Output<Params>, Output<Query>, Output<Body>>,
  ) => Promise<Answer extends Schema ? z.output<Answer> : unknown>;
}

/** An endpoint with its types erased, as the server mounts it. */
export type Endpoint = Definition<Schema | undefined, Schema | undefined, Schema | undefined, Schema | undefined>;

/** Declares one endpoint. The schemas that validate are the ones that the OpenAPI document is made from. */
export function endpoint<
  Params extends Schema | undefined = undefined,
  Query extends Schema | undefined = undefined,
  Body extends Schema | undefined = undefined,
  Answer extends Schema | undefined = undefined,
>(definition: Definition<Params, Query, Body, Answer>): Endpoint {
  return definition as unknown as Endpoint;
}

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    code: z.string(),
    detail: z.string().optional(),
    remedy: z.string(),
    requestId: z.string().optional(),
  })
  .describe('RFC 9457 problem; `code` is stable.');
