import { file } from './file.js';
import { https } from './https.js';
import { iwf } from './iwf.js';
import { ncmec } from './ncmec/ncmec.js';
import type { SourceKind } from './source.js';
import { stopncii } from './stopncii/stopncii.js';
import { techAgainstTerrorism } from './tech-against-terrorism/tech-against-terrorism.js';
import { threatexchange } from './threatexchange/threatexchange.js';
import { vigieFeed } from './vigie-feed.js';

/** Every kind of source that can be added, in the order in which people choose. */
export const SOURCE_KINDS: readonly SourceKind[] = [
  iwf,
  ncmec,
  stopncii,
  techAgainstTerrorism,
  threatexchange,
  vigieFeed,
  https,
  file,
];
