import type { Keyring } from '../keyring.js';
import type { Db } from '../schema.js';
import { seal, unseal } from '../seal.js';

const PURPOSE = 'exchange-credential';

/** Credentials that hold for every exchange of a kind, sealed. */
export class ExchangeCredentials {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** @returns what `set` was given; undefined when nothing is set */
  async get(db: Db, api: string): Promise<unknown> {
    const row = await db.selectFrom('exchange_credential').select('sealed').where('api', '=', api).executeTakeFirst();
    if (row === undefined) return undefined;
    const plain = unseal(this.#keyring, row.sealed, { purpose: PURPOSE, aad: api });
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  }

  async set(db: Db, api: string, credentials: unknown): Promise<void> {
    const plain = new TextEncoder().encode(JSON.stringify(credentials));
    const sealed = seal(this.#keyring, plain, { purpose: PURPOSE, aad: api });
    await db
      .insertInto('exchange_credential')
      .values({ api, sealed })
      .onConflict((conflict) => conflict.column('api').doUpdateSet({ sealed }))
      .execute();
  }

  async clear(db: Db, api: string): Promise<void> {
    await db.deleteFrom('exchange_credential').where('api', '=', api).execute();
  }
}
