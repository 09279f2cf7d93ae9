import type { DeliveryHeaders, PlatformKind } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import type { PlatformStore } from '../storage/platform-store.js';
import { deliveredIds } from './delivered-ids.js';

export interface DeliveriesOptions {
  readonly database: Database;
  readonly store: PlatformStore;
  readonly kinds: readonly PlatformKind[];
  /** Hands a delivery to the connection that is held here. @throws VigieError `delivery-untaken` */
  readonly deliver: (platform: string, body: unknown, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

type IsGenuine = (headers: DeliveryHeaders) => boolean;

/** How long what was read of platforms is used, milliseconds. Nobody who knocks makes us read it more often. */
const USED_MS = 2_000;

/** What platforms deliver over HTTP by themselves. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  #known: { readonly at: number; readonly judges: Promise<ReadonlyMap<string, IsGenuine>> } | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /**
   * Tells whether a delivery comes from its platform, before anything of it is read.
   * @throws VigieError `delivery-refused`, also for a platform that is not there or delivers nothing; those of the database
   */
  async assertGenuine(platform: string, headers: DeliveryHeaders): Promise<void> {
    const isGenuine = (await this.#judges()).get(platform);
    if (isGenuine?.(headers) !== true) throw new VigieError('delivery-refused');
  }

  /** Takes in what was delivered; it is stored when this returns. @throws VigieError `delivery-untaken` with `retryAfter` */
  async take(platform: string, body: unknown, signal: AbortSignal): Promise<void> {
    await this.#options.deliver(platform, body, signal);
  }

  async #judges(): Promise<ReadonlyMap<string, IsGenuine>> {
    const { now = Date.now } = this.#options;
    if (this.#known === undefined || now() - this.#known.at > USED_MS) {
      const known = { at: now(), judges: this.#read() };
      known.judges.catch(() => {
        if (this.#known === known) this.#known = undefined;
      });
      this.#known = known;
    }
    return await this.#known.judges;
  }

  async #read(): Promise<ReadonlyMap<string, IsGenuine>> {
    const { database, store, kinds } = this.#options;
    const judges = new Map<string, IsGenuine>();
    const platforms = await store.ls(database.db);
    const delivered = new Set(deliveredIds(platforms, kinds));
    for (const { id, name, kind: of } of platforms.filter((each) => each.enabled && delivered.has(each.id))) {
      const kind = kinds.find(({ kind }) => kind === of);
      const credentials = kind?.credentials?.safeParse(await store.credentials(database.db, id)).data;
      judges.set(name, (headers) => kind?.deliveries?.isGenuine(credentials, headers) ?? false);
    }
    return judges;
  }
}
