import type { PlatformKind } from '../enforcement/platform.js';
import type { StoredPlatform } from '../storage/platform-store.js';

/** Ids of the platforms that deliver over HTTP by themselves, which only a process that listens can be given. */
export function deliveredIds(
  platforms: readonly Pick<StoredPlatform, 'id' | 'kind' | 'settings'>[],
  kinds: readonly PlatformKind[],
): readonly string[] {
  return platforms.flatMap(({ id, kind: of, settings }) => {
    const kind = kinds.find(({ kind }) => kind === of);
    const read = kind?.settings.safeParse(settings);
    return read?.success && kind?.deliveries?.expected(read.data) ? [id] : [];
  });
}
