import type { Migration } from './migration.js';

/** How many cases of one cause are open is asked before another is opened. */
export const casesByCause: Migration = {
  number: 15,
  name: 'cases-by-cause',
  statements: [`CREATE INDEX moderation_case_cause ON moderation_case (cause, platform) WHERE state = 'open'`],
};
