import { lists } from './0001-lists.js';
import { groundFloor } from './0002-ground-floor.js';
import { sources } from './0003-sources.js';
import { words } from './0004-words.js';
import type { Migration } from './migration.js';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [lists, groundFloor, sources, words];
