import { file } from './file.js';
import { https } from './https.js';
import { iwf } from './iwf.js';
import type { SourceKind } from './source.js';
import { vigieFeed } from './vigie-feed.js';

/** Every kind of source there is, in the order in which people choose. */
export const SOURCE_KINDS: readonly SourceKind[] = [iwf, vigieFeed, https, file];
