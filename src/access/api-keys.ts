import { createHash, randomBytes } from 'node:crypto';
import type { StoredApiKey } from '../storage/api-key-store.js';
import { createApiKey, findApiKey, listApiKeys, revokeApiKey, touchApiKeys } from '../storage/api-key-store.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Principal } from './principal.js';
import { parseRate } from './quotas.js';
import { isScope, type Scope } from './scopes.js';

/** A key as its owner may know of it afterwards: never the secret. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created: Date;
  readonly revoked: Date | null;
  /** Such as `500/s`; null for the rates that hold for all keys. */
  readonly rate: string | null;
}

const PREFIX = 'vigie_';
const SECRET_BYTES = 32;
/** A key that another process revoked goes on working here for no longer than this. */
const REMEMBER_MS = 500;
const REMEMBERED = 1_000;

interface Remembered {
  readonly principal: Principal | undefined;
  readonly until: number;
}

/** API keys, of which only the SHA-256 is kept. */
export class ApiKeys {
  readonly #database: Database;
  readonly #record: RecordEvent | undefined;
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered>();
  readonly #used = new Map<string, Date>();

  /** @param record writes down that keys were created and revoked, in the transaction that does it */
  constructor(database: Database, record?: RecordEvent, now: () => number = () => performance.now()) {
    this.#database = database;
    this.#record = record;
    this.#now = now;
  }

  /**
   * @param options.onlyKnown do not ask the database for a key that was not in use here lately
   * @returns whom the key stands for, or undefined when it is unknown or revoked
   */
  async find(key: string, { onlyKnown = false } = {}): Promise<Principal | undefined> {
    const digest = createHash('sha256').update(key).digest();
    const name = digest.toString('base64');
    const known = this.#remembered.get(name);
    if (onlyKnown && known?.principal === undefined) return undefined;
    const principal =
      known !== undefined && known.until > this.#now() ? known.principal : await this.#look(name, digest);
    if (principal !== undefined) this.#used.set(principal.id, new Date());
    return principal;
  }

  /** Whom a key stands for, by its id. @returns undefined when it is unknown or revoked */
  async byId(id: string): Promise<Principal | undefined> {
    const known = this.#remembered.get(`id ${id}`);
    if (known !== undefined && known.until > this.#now()) return known.principal;
    const stored = (await listApiKeys(this.#database.db)).find((key) => key.id === id && key.revokedAt === null);
    const principal = stored === undefined ? undefined : principalOf(stored);
    this.#remember(`id ${id}`, principal);
    if (principal !== undefined) this.#used.set(principal.id, new Date());
    return principal;
  }

  /** @returns the new key; it is told only once */
  async create(
    name: string,
    scopes: readonly Scope[],
    rate: string | null = null,
  ): Promise<{ readonly info: KeyInfo; readonly key: string }> {
    const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    const hash = createHash('sha256').update(key).digest();
    const stored = await this.#database.transaction(async (tx) => {
      const made = await createApiKey(tx, { name, hash, scopes, rate });
      const refs = { key: made.id, scopes: scopes.join(',') };
      await this.#record?.(tx, { kind: 'key.created', subject: `key:${made.id}`, refs });
      return made;
    });
    return { info: infoOf(stored), key };
  }

  /** @returns false when there is no such key or it was revoked before */
  async revoke(id: string): Promise<boolean> {
    const revoked = await this.#database.transaction(async (tx) => {
      const done = await revokeApiKey(tx, id);
      if (done) await this.#record?.(tx, { kind: 'key.revoked', subject: `key:${id}`, refs: { key: id } });
      return done;
    });
    this.#remembered.clear();
    return revoked;
  }

  /** All keys, newest first, revoked ones too. */
  async ls(): Promise<readonly KeyInfo[]> {
    return (await listApiKeys(this.#database.db)).map(infoOf);
  }

  /** Writes down when keys were last used; call it once in a while. */
  async flush(): Promise<void> {
    const used = new Map(this.#used);
    this.#used.clear();
    await touchApiKeys(this.#database.db, used);
  }

  async #look(name: string, digest: Uint8Array): Promise<Principal | undefined> {
    const stored = await findApiKey(this.#database.db, digest);
    const principal = stored === undefined ? undefined : principalOf(stored);
    this.#remember(name, principal);
    return principal;
  }

  #remember(name: string, principal: Principal | undefined): void {
    // Guessed keys are remembered too, so that guessing does not load the database; the oldest go first.
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size < REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    this.#remembered.delete(name);
    this.#remembered.set(name, { principal, until: this.#now() + REMEMBER_MS });
  }
}

function principalOf({ id, name, scopes, rate: text }: StoredApiKey): Principal {
  const rate = text === null ? undefined : parseRate(text);
  return { kind: 'service', id, name, scopes: new Set(scopes.filter(isScope)), ...(rate && { rate }) };
}

function infoOf({ id, name, scopes, createdAt, revokedAt, rate }: StoredApiKey): KeyInfo {
  return { id, name, scopes: scopes.filter(isScope), created: createdAt, revoked: revokedAt, rate };
}
