import type { Migration } from './migration.js';

/** What tells how long removals took is read in the order of its end, by platform. */
export const removalTimes: Migration = {
  number: 16,
  name: 'removal-times',
  statements: [
    `CREATE INDEX action_removed ON action (platform, ended_at)
      WHERE state = 'confirmed' AND outcome = 'done' AND NOT dry_run AND ordered_by = 'policy'
        AND act IN ('remove', 'hide')`,
  ],
};
