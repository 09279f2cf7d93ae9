import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { abortable } from '../../../runtime/abortable.js';
import { type Json, type MatrixApi, path } from '../matrix-api.js';
import { MatrixRefusal } from '../matrix-refusal.js';
import { NotCanonical } from './canonical-json.js';
import { isSigned } from './sign-json.js';

const MOST_SERVERS = 10_000;
/** Servers that are asked about at the same time. */
const AT_ONCE = 32;
/** Time limit for the homeserver to find a server and ask it, milliseconds. */
const ASK_MS = 15_000;
const KEPT_MS = 3_600_000;
/** A server without keys is asked about again after this, milliseconds. */
const NONE_MS = 60_000;

const SERVER = /^([A-Za-z0-9.-]{1,230}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/;

const keyShape = z.object({
  server_name: z.string(),
  valid_until_ts: z.number(),
  verify_keys: z.record(z.string(), z.object({ key: z.string().max(100) })),
  old_verify_keys: z.record(z.string(), z.object({ key: z.string().max(100), expired_ts: z.number() })).catch({}),
  signatures: z.record(z.string(), z.record(z.string(), z.string().max(200))),
});

interface Keys {
  /** By id, in base64. */
  readonly now: ReadonlyMap<string, string>;
  /** Those that sign no more, and until when they did, milliseconds since 1970. */
  readonly before: ReadonlyMap<string, { readonly key: string; readonly until: number }>;
  readonly until: number;
}

const NONE: Keys = { now: new Map(), before: new Map(), until: 0 };

/**
 * Keys of servers, as the bot's own homeserver vouches for them (Server-Server API, "Querying Keys Through Another
 * Server"): it finds the servers and talks to them anyway, so that nothing here connects to where a stranger says.
 */
export class ServerKeys {
  readonly #api: MatrixApi;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly until: number; readonly keys: Promise<Keys> }>();
  #asking = 0;

  constructor(api: MatrixApi, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /**
   * The key of a server by its id, in base64.
   * @param at when it has to have signed, milliseconds since 1970; now when left out
   * @returns undefined when the server has no such key
   * @throws VigieError `platform-busy`, `platform-unreachable`, `platform-malformed`
   */
  async find(server: string, id: string, signal: AbortSignal, at?: number): Promise<string | undefined> {
    if (!SERVER.test(server) || !id.startsWith('ed25519:')) return undefined;
    const { now, before } = await this.#of(server, signal);
    const old = before.get(id);
    return now.get(id) ?? (at !== undefined && old !== undefined && at <= old.until ? old.key : undefined);
  }

  async #of(server: string, signal: AbortSignal): Promise<Keys> {
    const known = this.#known.get(server);
    if (known !== undefined && known.until > this.#now()) return await abortable(known.keys, signal);
    if (this.#asking >= AT_ONCE) throw new VigieError('platform-busy', { retryAfter: 1, detail: 'too many servers' });
    this.#asking++;
    // Others may come to wait for it, so that it does not end with who asked first.
    const keys = this.#ask(server, AbortSignal.timeout(ASK_MS)).finally(() => {
      this.#asking--;
    });
    this.#keep(server, keys, this.#now() + NONE_MS);
    keys.then(
      ({ until }) => {
        if (until > 0) this.#keep(server, keys, Math.min(until, this.#now() + KEPT_MS));
      },
      () => this.#known.delete(server),
    );
    return await abortable(keys, signal);
  }

  #keep(server: string, keys: Promise<Keys>, until: number): void {
    this.#known.delete(server);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_SERVERS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(server, { until, keys });
  }

  async #ask(server: string, signal: AbortSignal): Promise<Keys> {
    let said: Json;
    try {
      const query = { minimum_valid_until_ts: String(Math.floor(this.#now())) };
      said = await this.#api.ask(`keys ${server}`, { path: path`/_matrix/key/v2/query/${server}`, query }, signal);
    } catch (error) {
      if (error instanceof MatrixRefusal) return NONE;
      throw error;
    }
    const all = Array.isArray(said['server_keys']) ? (said['server_keys'] as unknown[]) : [];
    return all.map((each) => this.#read(server, each)).find((keys) => keys !== undefined) ?? NONE;
  }

  /** Signed by the server itself with a key that it names: what a homeserver between could not make up. */
  #read(server: string, value: unknown): Keys | undefined {
    const { data } = keyShape.safeParse(value);
    if (data === undefined || data.server_name !== server || data.valid_until_ts <= this.#now()) return undefined;
    const now = new Map(Object.entries(data.verify_keys).map(([id, { key }]) => [id, key]));
    const own = Object.entries(data.signatures[server] ?? {});
    try {
      const signed = own.some(([id, signature]) => {
        const key = now.get(id);
        return key !== undefined && isSigned(value as Json, signature, key);
      });
      if (!signed) return undefined;
    } catch (error) {
      if (error instanceof NotCanonical) return undefined;
      throw error;
    }
    const old = Object.entries(data.old_verify_keys);
    const before = new Map(old.map(([id, { key, expired_ts: until }]) => [id, { key, until }]));
    return { now, before, until: data.valid_until_ts };
  }
}
