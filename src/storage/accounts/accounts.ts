import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Keyring } from '../keyring.js';
import { randomId } from '../random-id.js';
import type { Db, Tx } from '../schema.js';
import { openSecret } from '../secrets.js';

/** Who shared something, as the platform names them. */
export interface PlatformAccount {
  readonly platform: string;
  /** The platform's own id. */
  readonly account: string;
}

/** Seals bytes under the key of a subject; `SubjectKeys.seal` is one. @param aad where the bytes belong */
export type SealForSubject = (tx: Tx, subject: string, plain: Uint8Array, aad: string) => Promise<Uint8Array>;

/** Accounts whose ids are remembered. */
const REMEMBERED = 100_000;

/**
 * Gives each account of a platform a random id of ours. The platform's own id is found again only through a keyed
 * pseudonym (HMAC-SHA-256), and is read again only with the account's subject key.
 */
export class Accounts {
  readonly #key: Uint8Array;
  readonly #seal: SealForSubject;
  /** Ids by pseudonym, of accounts that were committed. */
  readonly #known = new Map<string, string>();

  private constructor(key: Uint8Array, seal: SealForSubject) {
    this.#key = key;
    this.#seal = seal;
  }

  static async open(database: Database, keyring: Keyring, seal: SealForSubject): Promise<Accounts> {
    return new Accounts(await openSecret(database, keyring, 'account-pseudonym'), seal);
  }

  /** @returns the id of each account, in order; those that are new are made as a part of the transaction */
  async idsOf(tx: Tx, accounts: readonly PlatformAccount[]): Promise<readonly string[]> {
    const wanted = accounts.map((each) => ({ ...each, pseudonym: this.#pseudonym(each) }));
    const ids = new Map<string, string>();
    const unknown = new Map<string, (typeof wanted)[number]>();
    for (const each of wanted) {
      const known = this.#known.get(each.pseudonym);
      if (known === undefined) unknown.set(each.pseudonym, each);
      else ids.set(each.pseudonym, known);
    }
    if (unknown.size > 0) {
      for (const [pseudonym, id] of await find(tx, [...unknown.keys()])) {
        ids.set(pseudonym, id);
        unknown.delete(pseudonym);
        this.#remember(pseudonym, id);
      }
      // In one order everywhere, so that two nodes that make the same accounts do not wait for each other in a circle.
      const missing = [...unknown.values()].sort((a, b) => (a.pseudonym < b.pseudonym ? -1 : 1));
      for (const [pseudonym, id] of await this.#make(tx, missing)) ids.set(pseudonym, id);
    }
    return wanted.map(({ pseudonym }) => ids.get(pseudonym) as string);
  }

  /** The id of an account, if it was ever met. */
  async find(db: Db, account: PlatformAccount): Promise<string | undefined> {
    const pseudonym = this.#pseudonym(account);
    return (await find(db, [pseudonym])).get(pseudonym);
  }

  /** Some accounts may have been erased. */
  forget(): void {
    this.#known.clear();
  }

  #pseudonym({ platform, account }: PlatformAccount): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([platform, account]))
      .digest('hex');
  }

  async #make(tx: Tx, missing: readonly (PlatformAccount & { pseudonym: string })[]): Promise<Map<string, string>> {
    if (missing.length === 0) return new Map();
    const rows = missing.map(({ platform, pseudonym }) => ({ id: randomId(), platform, pseudonym }));
    const { rows: made } = await sql<{ id: string; pseudonym: string }>`
      INSERT INTO account (id, platform, pseudonym)
      SELECT id, platform, decode(pseudonym, 'hex')
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (id text, platform text, pseudonym text)
      ON CONFLICT (platform, pseudonym) DO NOTHING
      RETURNING id, encode(pseudonym, 'hex') AS pseudonym`.execute(tx);
    const ids = new Map(made.map(({ id, pseudonym }) => [pseudonym, id]));
    for (const { account, pseudonym } of missing) {
      const id = ids.get(pseudonym);
      if (id === undefined) continue;
      const sealed = await this.#seal(tx, `account:${id}`, Buffer.from(account), id);
      await tx.insertInto('account_identity').values({ account_id: id, sealed }).execute();
    }
    // Another transaction was first; it has committed now.
    const others = missing.map(({ pseudonym }) => pseudonym).filter((pseudonym) => !ids.has(pseudonym));
    if (others.length > 0) for (const [pseudonym, id] of await find(tx, others)) ids.set(pseudonym, id);
    return ids;
  }

  #remember(pseudonym: string, id: string): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < REMEMBERED) break;
      this.#known.delete(oldest);
    }
    this.#known.set(pseudonym, id);
  }
}

async function find(db: Db | Tx, pseudonyms: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; pseudonym: string }>`
    SELECT id, encode(pseudonym, 'hex') AS pseudonym FROM account
    WHERE pseudonym IN (SELECT decode(p, 'hex') FROM unnest(${pseudonyms}::text[]) AS p)`.execute(db);
  return new Map(rows.map(({ id, pseudonym }) => [pseudonym, id]));
}
