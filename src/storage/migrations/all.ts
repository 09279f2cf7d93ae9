import { lists } from './0001-lists.js';
import { groundFloor } from './0002-ground-floor.js';
import { sources } from './0003-sources.js';
import { listRules } from './0004-list-rules.js';
import { curation } from './0005-curation.js';
import { retro } from './0006-retro.js';
import { publishing } from './0007-publishing.js';
import { words } from './0008-words.js';
import { banks } from './0009-banks.js';
import { enrichment } from './0010-enrichment.js';
import { sourceAnew } from './0011-source-anew.js';
import { restored } from './0012-restored.js';
import { enforcement } from './0013-enforcement.js';
import { enforcementIndexes } from './0014-enforcement-indexes.js';
import { casesByCause } from './0015-cases-by-cause.js';
import { removalTimes } from './0016-removal-times.js';
import type { Migration } from './migration.js';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [
  lists,
  groundFloor,
  sources,
  listRules,
  curation,
  retro,
  publishing,
  words,
  banks,
  enrichment,
  sourceAnew,
  restored,
  enforcement,
  enforcementIndexes,
  casesByCause,
  removalTimes,
];
