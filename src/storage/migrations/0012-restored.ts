import type { Migration } from './migration.js';

/** Entries that match again are tried against what was seen meanwhile, and what an exchange tells in types unknown here is kept. */
export const restored: Migration = {
  number: 12,
  name: 'restored',
  statements: [
    // Tried beside what came between two versions, wherever they stand in the newer one.
    `ALTER TABLE retro_run ADD COLUMN restored jsonb NOT NULL DEFAULT '[]'`,
    `ALTER TABLE retro_run DROP CONSTRAINT retro_run_cause_check`,
    `ALTER TABLE retro_run ADD CONSTRAINT retro_run_cause_check
      CHECK (cause IN ('baseline', 'published', 'asked', 'restored'))`,
    `ALTER TABLE source ADD COLUMN unused jsonb NOT NULL DEFAULT '{}'`,
  ],
};
