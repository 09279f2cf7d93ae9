import type { Migration } from './migration.js';

/** A source whose settings were changed tells everything again: with others, other entries belong on its list. */
export const sourceAnew: Migration = {
  number: 11,
  name: 'source-anew',
  statements: [`ALTER TABLE source ADD COLUMN anew boolean NOT NULL DEFAULT false`],
};
