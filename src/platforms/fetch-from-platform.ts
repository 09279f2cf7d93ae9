import type { PlatformHouse, PlatformKind } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import type { FetchFromPlatform } from '../intake/intake-parts.js';
import { kindOf } from '../runtime/kind-of.js';
import type { Database } from '../storage/database.js';
import type { PlatformStore } from '../storage/platform-store.js';

export interface FetchOptions {
  readonly database: Database;
  readonly store: PlatformStore;
  readonly kinds: readonly PlatformKind[];
  readonly house: PlatformHouse;
  readonly now?: () => number;
}

/** How long what was read of a platform is used, milliseconds. */
const USED_MS = 2_000;

type Opened = (ref: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

/** Fetches what platforms keep, on any process, with the credentials of each. */
export function fetchFromPlatform(options: FetchOptions): FetchFromPlatform {
  const { database, store, kinds, house, now = Date.now } = options;
  const known = new Map<string, { readonly at: number; readonly open: Promise<Opened> }>();
  const open = async (name: string): Promise<Opened> => {
    const platform = await store.get(database.db, name);
    const kind = kindOf(kinds, platform.kind, 'platform-kind-unknown');
    const settings = kind.settings.parse(platform.settings);
    const credentials = kind.credentials?.parse(await store.credentials(database.db, platform.id));
    return (ref, signal) => kind.fetch?.(settings, credentials, house, ref, signal) ?? noMedia();
  };
  return async (name, ref, signal) => {
    let one = known.get(name);
    if (one === undefined || now() - one.at > USED_MS) {
      one = { at: now(), open: open(name) };
      known.set(name, one);
      one.open.catch(() => known.delete(name));
    }
    return await (await one.open)(ref, signal);
  };
}

async function noMedia(): Promise<never> {
  throw new VigieError('fetch-failed', { detail: 'this kind of platform keeps no media' });
}
