import type { PlatformHouse } from '../../../enforcement/platform.js';
import type { Database } from '../../../storage/database.js';
import type { PlatformStore } from '../../../storage/platform-store.js';
import { matrix } from '../matrix.js';
import { AskedPlatform } from './asked-platform.js';

/** How long what was read of the platforms is used, milliseconds. */
const USED_MS = 2_000;

export interface AskedPlatformsOptions {
  readonly database: Database;
  readonly store: PlatformStore;
  readonly house: PlatformHouse;
  readonly secret: Uint8Array;
}

/** The platforms that servers ask before they publish, by the names that they are asked under. */
export class AskedPlatforms {
  readonly #options: AskedPlatformsOptions;
  readonly #made = new Map<string, { readonly of: string; readonly platform: AskedPlatform }>();
  #read: { readonly at: number; readonly all: Promise<readonly AskedPlatform[]> } | undefined;

  constructor(options: AskedPlatformsOptions) {
    this.#options = options;
  }

  /** @throws those of the database and of sealing */
  async all(): Promise<readonly AskedPlatform[]> {
    const { now } = this.#options.house;
    if (this.#read === undefined || now() - this.#read.at > USED_MS) {
      const read = { at: now(), all: this.#load() };
      this.#read = read;
      read.all.catch(() => {
        if (this.#read === read) this.#read = undefined;
      });
    }
    return await this.#read.all;
  }

  async #load(): Promise<readonly AskedPlatform[]> {
    const { database, store, house, secret } = this.#options;
    const stored = await store.ls(database.db);
    const asked: AskedPlatform[] = [];
    for (const { id, kind, enabled, name, settings: given } of stored) {
      if (kind !== matrix.kind || !enabled) continue;
      const settings = matrix.settings.parse(given);
      if (settings.policyServer === '') continue;
      const credentials = matrix.credentials?.parse(await store.credentials(database.db, id));
      if (credentials === undefined) continue;
      const of = JSON.stringify([name, settings, credentials]);
      const known = this.#made.get(id);
      // What is known of rooms and keys outlasts another look at the table.
      const platform =
        known?.of === of ? known.platform : new AskedPlatform({ name, settings, credentials, house, secret });
      this.#made.set(id, { of, platform });
      asked.push(platform);
    }
    return asked;
  }
}
