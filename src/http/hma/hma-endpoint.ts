import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../access/principal.js';
import type { QuotaName } from '../../access/quotas.js';
import type { Scope } from '../../access/scopes.js';
import { VigieError } from '../../errors.js';
import type { Services } from '../services.js';
import { type PythonJsonOptions, pythonJson } from './python-json.js';

/** What a handler is given. Queries and bodies are read by hand, as every mistake has an answer of its own. */
export interface HmaCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON, or the fields of a form; undefined when there is none, or a file is to be read. */
  readonly body: unknown;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly services: Services;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface HmaAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** One route of Hasher-Matcher-Actioner's interface. */
export interface HmaEndpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** What the caller must be allowed to do. */
  readonly scope: Scope | 'public';
  /** What it is counted as; `other` when left out. */
  readonly quota?: QuotaName;
  readonly handle: (call: HmaCall) => Promise<HmaAnswer> | HmaAnswer;
}

/** Something is wrong with a request, in the words that its clients know. Never holds what was sent as a signal. */
export class HmaRefusal extends VigieError {
  readonly answer: HmaAnswer;

  constructor(status: number, message: string) {
    super('request-invalid', { detail: 'refused by the compatible interface' });
    this.answer = json({ message }, status);
  }
}

/** A field that is missing or wrong, in the words of the library that checks there. */
export class HmaFieldWrong extends HmaRefusal {
  constructor(field: string, kind: keyof typeof FIELD_WORDS, input: unknown) {
    super(422, '');
    const url = `https://errors.pydantic.dev/2.12/v/${kind}`;
    const said = [{ type: kind, loc: [field], msg: FIELD_WORDS[kind], input, url }];
    // Without a newline at its end.
    const text = pythonJson(said, { sortKeys: false });
    Object.defineProperty(this, 'answer', { value: { status: 422, type: 'application/json', text } });
  }
}

const FIELD_WORDS = {
  missing: 'Field required',
  string_type: 'Input should be a valid string',
  float_type: 'Input should be a valid number',
  bool_type: 'Input should be a valid boolean',
} as const;

export function json(value: unknown, status = 200, options?: PythonJsonOptions): HmaAnswer {
  return { status, type: 'application/json', text: `${pythonJson(value, options)}\n` };
}

export function text(words: string, status = 200): HmaAnswer {
  return { status, type: 'text/html; charset=utf-8', text: words };
}
