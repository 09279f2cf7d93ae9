import type { Migration } from './migration.js';

/** Sources of lists, and statuses of entries by who says so. */
export const sources: Migration = {
  number: 3,
  name: 'sources',
  statements: [
    // An entry matches as long as no origin says that it must not.
    `ALTER TABLE entry_status ADD COLUMN origin text NOT NULL DEFAULT 'person'
      CHECK (origin IN ('person', 'source', 'quarantine', 'rule'))`,
    `ALTER TABLE entry_status ALTER COLUMN origin DROP DEFAULT`,
    `ALTER TABLE entry_status DROP CONSTRAINT entry_status_pkey`,
    `ALTER TABLE entry_status ADD PRIMARY KEY (list_id, entry_id, origin)`,

    // Up to where its source had told when a version was made: who goes back to it asks the source from there.
    `ALTER TABLE list_version ADD COLUMN checkpoint jsonb`,

    `CREATE TABLE source (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
      kind text NOT NULL,
      list_id text UNIQUE REFERENCES list,
      settings jsonb NOT NULL,
      sealed bytea,
      enabled boolean NOT NULL DEFAULT true,
      every_seconds integer NOT NULL CHECK (every_seconds > 0),
      hold_percent integer NOT NULL DEFAULT 10 CHECK (hold_percent BETWEEN 0 AND 100),
      checkpoint jsonb,
      state text NOT NULL DEFAULT 'new'
        CHECK (state IN ('new', 'up-to-date', 'behind', 'refused', 'failing', 'held')),
      last_error text,
      failures integer NOT NULL DEFAULT 0,
      counts jsonb NOT NULL DEFAULT '{}',
      set_aside jsonb NOT NULL DEFAULT '{}',
      removals jsonb,
      held jsonb,
      next_at timestamptz NOT NULL DEFAULT now(),
      leased_by text,
      leased_until timestamptz,
      tried_at timestamptz,
      synced_at timestamptz,
      changed_at timestamptz,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
  ],
};
