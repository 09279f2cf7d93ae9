import type { PlatformFacts, PlatformHouse, PlatformKind } from '../enforcement/platform.js';
import { checkCredentials, checkFields, checkSettings, formOf } from '../runtime/check-fields.js';
import { inAMinute } from '../runtime/in-a-minute.js';
import { kindOf } from '../runtime/kind-of.js';
import type { Database } from '../storage/database.js';
import type { EventDraft, EventKind, RecordEvent } from '../storage/events/event-kinds.js';
import type { PlatformChanges, PlatformStore, StoredPlatform } from '../storage/platform-store.js';
import type { PlatformState, Tx } from '../storage/schema.js';
import { forgetPlatform } from './platform-attention.js';

export interface PlatformsOptions {
  readonly database: Database;
  readonly store: PlatformStore;
  readonly kinds: readonly PlatformKind[];
  readonly house: PlatformHouse;
  readonly record: RecordEvent;
}

export interface NewPlatformOrder {
  readonly name: string;
  readonly kind: string;
  readonly settings: unknown;
  readonly credentials?: unknown;
  /** What would be done is written down and not sent; so it begins when it is left out. */
  readonly dryRun?: boolean | undefined;
}

/** A platform as it is shown; nothing of its credentials. */
export type ShownPlatform = Omit<StoredPlatform, 'state'> & {
  readonly state: PlatformState | 'disabled';
  readonly title: string;
};

/** A kind with what its form is made from. */
export interface ShownPlatformKind {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schemas; credentials are null when it needs none. */
  readonly settings: unknown;
  readonly credentials: unknown;
}

const INVALID = 'platform-settings-invalid';
const UNKNOWN = 'platform-kind-unknown';

/** The platforms that are connected, as people manage them. */
export class Platforms {
  readonly #options: PlatformsOptions;

  constructor(options: PlatformsOptions) {
    this.#options = options;
  }

  kinds(): readonly ShownPlatformKind[] {
    return this.#options.kinds.map((kind) => {
      const { kind: name, title, description } = kind;
      return { kind: name, title, description, ...formOf(kind) };
    });
  }

  /**
   * Adds a platform; its connection is made at once, by whichever process comes to it.
   * @throws VigieError `platform-kind-unknown`, `platform-settings-invalid`, `platform-name-invalid`, `platform-name-taken`
   */
  async add(order: NewPlatformOrder, by: string): Promise<ShownPlatform> {
    const { database, store, kinds } = this.#options;
    const kind = kindOf(kinds, order.kind, UNKNOWN);
    const { name, dryRun = true } = order;
    const checked = checkFields(kind, order, INVALID);
    await database.transaction(async (tx) => {
      const id = await store.add(tx, { name, kind: kind.kind, ...checked, dryRun, by });
      await this.#record(tx, by, id, { kind: 'platform.added', refs: { platform: id, name, kind: kind.kind, dryRun } });
    });
    return await this.show(name);
  }

  async ls(): Promise<readonly ShownPlatform[]> {
    const { database, store } = this.#options;
    return (await store.ls(database.db)).map((platform) => this.#shown(platform));
  }

  /** @throws VigieError `platform-not-found` */
  async show(name: string): Promise<ShownPlatform> {
    const { database, store } = this.#options;
    return this.#shown(await store.get(database.db, name));
  }

  /** Whether a platform may confirm later what it was ordered to do. @throws VigieError `platform-not-found` */
  async confirmsLater(name: string): Promise<boolean> {
    const { database, store, kinds } = this.#options;
    const platform = await store.get(database.db, name);
    const kind = kindOf(kinds, platform.kind, UNKNOWN);
    return kind.confirmsLater?.(kind.settings.parse(platform.settings)) ?? false;
  }

  /** Asks a platform for something small. @throws VigieError of the platform, `platform-not-found` */
  async test(name: string, signal: AbortSignal): Promise<PlatformFacts> {
    const { database, store, kinds } = this.#options;
    const platform = await store.get(database.db, name);
    const credentials = await store.credentials(database.db, platform.id);
    return await this.#ask(kindOf(kinds, platform.kind, UNKNOWN), { settings: platform.settings, credentials }, signal);
  }

  /** The same for one that is not added yet. @throws VigieError `platform-settings-invalid` */
  async tryOut(
    { kind, ...order }: Pick<NewPlatformOrder, 'kind' | 'settings' | 'credentials'>,
    signal: AbortSignal,
  ): Promise<PlatformFacts> {
    return await this.#ask(kindOf(this.#options.kinds, kind, UNKNOWN), order, signal);
  }

  /** @throws VigieError `platform-not-found`, `platform-settings-invalid` */
  async change(name: string, changes: PlatformChanges, by: string): Promise<ShownPlatform> {
    const { database, store, kinds } = this.#options;
    const platform = await store.get(database.db, name);
    const kind = kindOf(kinds, platform.kind, UNKNOWN);
    const { settings, credentials } = changes;
    const checked = {
      ...(settings === undefined ? {} : { settings: checkSettings(kind, settings, INVALID) }),
      ...(credentials === undefined ? {} : { credentials: checkCredentials(kind, credentials, INVALID) }),
    };
    await database.transaction(async (tx) => {
      await store.change(tx, platform.id, { ...changes, ...checked });
      const change = Object.keys(changes).sort().join(' ');
      const { dryRun = platform.dryRun } = changes;
      const refs = { platform: platform.id, change, dryRun };
      await this.#record(tx, by, platform.id, { kind: 'platform.changed', refs });
      if (changes.enabled === false) await forgetPlatform(tx, platform.id);
    });
    return await this.show(name);
  }

  /** Removes a platform with its credentials; what was taken in from it stays. @throws VigieError `platform-not-found` */
  async remove(name: string, by: string): Promise<void> {
    const { database, store } = this.#options;
    await database.transaction(async (tx) => {
      const { id } = await store.get(tx, name);
      await this.#record(tx, by, id, { kind: 'platform.removed', refs: { platform: id, name } });
      await store.remove(tx, id);
      await forgetPlatform(tx, id);
    });
  }

  async #ask(
    kind: PlatformKind,
    order: Pick<NewPlatformOrder, 'settings' | 'credentials'>,
    signal: AbortSignal,
  ): Promise<PlatformFacts> {
    const { settings, credentials } = checkFields(kind, order, INVALID);
    const { house } = this.#options;
    return await inAMinute(
      (bounded) => kind.test(settings, credentials, house, bounded),
      signal,
      'platform-unreachable',
    );
  }

  #shown(platform: StoredPlatform): ShownPlatform {
    const kind = this.#options.kinds.find(({ kind: name }) => name === platform.kind);
    const state = platform.enabled ? platform.state : 'disabled';
    return { ...platform, state, title: kind?.title ?? platform.kind };
  }

  async #record<K extends EventKind>(
    tx: Tx,
    by: string,
    id: string,
    draft: Pick<EventDraft<K>, 'kind' | 'refs'>,
  ): Promise<void> {
    await this.#options.record(tx, { ...draft, actor: by, subject: `platform:${id}` });
  }
}
