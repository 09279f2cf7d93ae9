import { ncmec } from './ncmec/ncmec.js';
import type { SourceKind } from './source.js';
import { stopncii } from './stopncii/stopncii.js';
import { techAgainstTerrorism } from './tech-against-terrorism/tech-against-terrorism.js';
import { threatexchange } from './threatexchange/threatexchange.js';

/** Every kind of source that can be added. */
export const SOURCE_KINDS: readonly SourceKind[] = [ncmec, stopncii, techAgainstTerrorism, threatexchange];
