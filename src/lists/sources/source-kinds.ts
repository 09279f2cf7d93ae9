import type { SourceKind } from './source.js';

/** Every kind of source there is, in the order in which people choose. */
export const SOURCE_KINDS: readonly SourceKind[] = [];
