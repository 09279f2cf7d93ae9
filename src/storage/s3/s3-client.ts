import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { VigieError } from '../../errors.js';
import { type HttpAnswer, httpRequest } from '../../runtime/http-request.js';
import type { S3Credentials, S3Place } from './s3-place.js';
import { errorCodeOf } from './s3-xml.js';

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 200;
const GREATEST_PAUSE_MS = 5_000;
const CONNECT_MS = 5_000;
/** Between two signs of life of the server. */
const SILENT_MS = 60_000;
/** For the whole of one request; the largest carries one part. */
const REQUEST_MS = 300_000;
const ERROR_BYTES = 16_384;

export interface S3Request<T> {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Below the prefix; the bucket itself when left out. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Beside those of the signature, such as a range or a condition. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often it is tried, where that differs from what is usual. */
  readonly attempts?: number;
  /** Made anew for each attempt. */
  readonly body?: { readonly bytes: number; readonly sha256: string; open(): AsyncIterable<Uint8Array> };
  /** Reads the answer of an attempt that went well. What it throws counts as a failed attempt, unless it is a VigieError. */
  readonly read: (answer: HttpAnswer) => Promise<T>;
}

/** SHA-256 of nothing, which a request without a body is signed with. */
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Signed requests to an object store, tried again when it stumbles. Not through the guarded client: that is for
 * addresses which others choose, and this one is the operator's own and usually private. Redirects are not followed.
 */
export class S3Client {
  readonly #place: S3Place;
  readonly #credentials: S3Credentials;
  readonly #agent: http.Agent;

  constructor(place: S3Place, credentials: S3Credentials) {
    this.#place = place;
    this.#credentials = credentials;
    const { Agent } = new URL(place.endpoint).protocol === 'https:' ? https : http;
    this.#agent = new Agent({ keepAlive: true });
  }

  get prefix(): string {
    return this.#place.prefix;
  }

  /** @throws VigieError `blob-not-found`, `store-unavailable`; what `read` throws of the kind */
  async send<T>(wanted: S3Request<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(wanted);
      } catch (thrown) {
        if (thrown instanceof VigieError) throw thrown;
        if (attempt === (wanted.attempts ?? ATTEMPTS)) throw unavailable(thrown);
        const pause = Math.min(GREATEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
      }
    }
  }

  async #once<T>({ method, key, query = {}, headers = {}, body, read }: S3Request<T>): Promise<T> {
    const { endpoint, bucket, prefix, region } = this.#place;
    const url = new URL(`/${bucket}${key === undefined ? '' : `/${prefix}${key}`}`, endpoint);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, 'x-amz-content-sha256': body?.sha256 ?? NOTHING },
      service: 's3',
      region,
      ...this.#credentials,
    });
    const signed = await signer.sign();
    const answer = await httpRequest(new URL(signed.url), {
      method,
      headers: {
        ...Object.fromEntries(signed.headers),
        ...(body === undefined ? {} : { 'content-length': String(body.bytes) }),
      },
      ...(body === undefined ? {} : { body: Readable.from(body.open()) }),
      agent: this.#agent,
      connectMs: CONNECT_MS,
      silentMs: SILENT_MS,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    try {
      if (answer.status >= 200 && answer.status < 300) return await read(answer);
      throw await refusal(answer);
    } finally {
      // Read to its end it leaves its connection to the next.
      answer.body.destroy();
    }
  }
}

/** Worth another attempt: the server is busy or broken, not refusing. */
class Stumbled extends Error {}

/** The error of an answer that is none of success; what another attempt may mend is no VigieError. */
async function refusal({ status, body }: HttpAnswer): Promise<Error> {
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > ERROR_BYTES) break;
  }
  const code = errorCodeOf(text) ?? String(status);
  if (status === 404 && (code === 'NoSuchKey' || code === '404')) return new VigieError('blob-not-found');
  if (status >= 500 || status === 429 || status === 408 || code === 'RequestTimeout') return new Stumbled(code);
  return new VigieError('store-unavailable', { detail: `the object store says ${code}` });
}

/** Only the kind of the failure is told: messages name the address. */
function unavailable(thrown: unknown): VigieError {
  const { code, name } = thrown as { code?: unknown; name?: unknown };
  const kind = thrown instanceof Stumbled ? thrown.message : typeof code === 'string' ? code : String(name);
  return new VigieError('store-unavailable', { detail: `the object store: ${kind}`, retryAfter: 5 });
}
