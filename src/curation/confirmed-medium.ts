import { VigieError } from '../errors.js';
import { openContent } from '../intake/sealed-content.js';
import type { GuardedClient } from '../net/guarded-client.js';
import type { Database } from '../storage/database.js';
import { readItems } from '../storage/items/item-rows.js';
import type { Keyring } from '../storage/keyring.js';

/** Where the bytes of a medium that was looked at can be had again: only from where they are shared. */
export class ConfirmedMedia {
  readonly #database: Database;
  readonly #keyring: Keyring;
  readonly #client: GuardedClient;

  constructor(database: Database, keyring: Keyring, client: GuardedClient) {
    this.#database = database;
    this.#keyring = keyring;
    this.#client = client;
  }

  /**
   * Fetches a medium of an item anew.
   * @param consume reads the bytes; the connection is closed when it returns
   * @throws VigieError `medium-gone` when it came as bytes, which were let go after its verdict; `fetch-failed`,
   * `fetch-timeout`, `url-forbidden`; what `consume` throws
   */
  async read<T>(
    itemId: string | null,
    ordinal: number,
    signal: AbortSignal,
    consume: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    const [item] = itemId === null ? [] : await readItems(this.#database.db, [itemId]);
    const url = item && openContent(this.#keyring, item.id, item.sealed).media[ordinal]?.url;
    if (!url) throw new VigieError('medium-gone');
    return await this.#client.fetch(url, ({ body }) => consume(body), { signal });
  }
}
