import type { PlatformKind } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';

/** @throws VigieError `platform-kind-unknown` */
export function kindOf(kinds: readonly PlatformKind[], name: string): PlatformKind {
  const kind = kinds.find((each) => each.kind === name);
  if (kind === undefined) throw new VigieError('platform-kind-unknown');
  return kind;
}
