import { randomBytes } from 'node:crypto';
import { advisoryLock } from '../../storage/advisory-lock.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import type { Keyring } from '../../storage/keyring.js';
import { putSigningKey, signingKeys } from '../../storage/publishing/publication-key-store.js';
import type { Db, Tx } from '../../storage/schema.js';
import { type SigningKey, signingKey } from './feed-signature.js';

const SECRET_BYTES = 32;
/** Another process may have rotated the keys: so long this one may go on with those that it knows. */
const REMEMBER_MS = 5_000;

/** A key as people may know of it. */
export interface ShownPublicationKey {
  readonly id: string;
  /** The public half, which members pin. */
  readonly publicKey: string;
  readonly createdAt: Date;
  /** When it signs no longer; null for the newest. */
  readonly until: Date | null;
}

interface Known {
  readonly keys: readonly SigningKey[];
  readonly shown: readonly ShownPublicationKey[];
  readonly at: number;
}

/** The keys that sign what is published, sealed at rest. The first is made when it is needed. */
export class PublicationKeys {
  readonly #database: Database;
  readonly #keyring: Keyring;
  readonly #record: RecordEvent | undefined;
  #known: Known | undefined;

  constructor(database: Database, keyring: Keyring, record?: RecordEvent) {
    this.#database = database;
    this.#keyring = keyring;
    this.#record = record;
  }

  /** Those that sign now, the newest first. */
  async signing(): Promise<readonly SigningKey[]> {
    return (await this.#current()).keys;
  }

  async ls(): Promise<readonly ShownPublicationKey[]> {
    return (await this.#current()).shown;
  }

  /**
   * Makes a new key; those before it go on signing for some days, so that members can pin the new one meanwhile.
   * @param overlapDays 0 when a key is in wrong hands
   */
  async rotate(overlapDays: number): Promise<readonly ShownPublicationKey[]> {
    await this.#database.transaction(async (tx) => await this.#make(tx, overlapDays));
    this.#known = undefined;
    return await this.ls();
  }

  async #current(): Promise<Known> {
    const known = this.#known;
    if (known !== undefined && performance.now() - known.at < REMEMBER_MS) return known;
    const { db } = this.#database;
    let read = await this.#read(db);
    if (read.keys.length === 0) {
      await this.#database.transaction(async (tx) => {
        await advisoryLock(tx, 'secrets');
        if ((await this.#read(tx)).keys.length === 0) await this.#make(tx, 0);
      });
      read = await this.#read(db);
    }
    this.#known = read;
    return read;
  }

  async #read(db: Db | Tx): Promise<Known> {
    const stored = await signingKeys(db, this.#keyring);
    const keys = stored.map(({ secret }) => signingKey(secret));
    const shown = stored.map(({ id, createdAt, until, secret }) => {
      const { publicText: publicKey } = signingKey(secret);
      secret.fill(0);
      return { id, publicKey, createdAt, until };
    });
    return { keys, shown, at: performance.now() };
  }

  async #make(tx: Tx, overlapDays: number): Promise<void> {
    const secret = new Uint8Array(randomBytes(SECRET_BYTES));
    const { id } = signingKey(secret);
    await putSigningKey(tx, this.#keyring, { id, secret }, overlapDays);
    secret.fill(0);
    await this.#record?.(tx, { kind: 'publication-key.made', subject: `publication-key:${id}`, refs: { key: id } });
  }
}
