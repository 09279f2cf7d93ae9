import type { Migration } from './migration.js';

/** What is asked of entries before they match, lists of what is known to be good, and entries that flood. */
export const listRules: Migration = {
  number: 4,
  name: 'list-rules',
  statements: [
    `ALTER TABLE list ADD COLUMN role text NOT NULL DEFAULT 'block' CHECK (role IN ('block', 'allow'))`,
    `ALTER TABLE list ADD COLUMN rules jsonb`,
    `ALTER TABLE list ADD COLUMN sample_ratio double precision NOT NULL DEFAULT 1
      CHECK (sample_ratio BETWEEN 0 AND 1)`,

    // One row a medium that an entry matched of late, so that a medium that comes again counts once, on whichever node.
    // A flood is told at some hundreds or thousands of them, which bounds the rows of an entry.
    `CREATE TABLE entry_medium (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      medium bigint NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (list_id, entry_id, medium)
    )`,
    `CREATE INDEX entry_medium_at ON entry_medium (at)`,
  ],
};
