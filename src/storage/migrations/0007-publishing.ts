import type { Migration } from './migration.js';

/** Lists that we give to others: which, to whom, what has changed in them, and what the others think. */
export const publishing: Migration = {
  number: 7,
  name: 'publishing',
  statements: [
    // Keys that sign the feed: the newest signs, older ones too until their end.
    `CREATE TABLE publication_key (
      id text PRIMARY KEY,
      sealed bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      until timestamptz
    )`,
    // applied_seq: changes of the list up to here are in publication_change. Who has read up to less than floor_seq
    // begins anew; what has no row there has not changed since floor_at.
    `CREATE TABLE publication (
      list_id text PRIMARY KEY REFERENCES list ON DELETE CASCADE,
      epoch text NOT NULL,
      terms text NOT NULL,
      reason text NOT NULL,
      grades jsonb,
      jurisdictions jsonb,
      doubts integer NOT NULL CHECK (doubts > 0),
      switched_on_by text NOT NULL,
      switched_on_at timestamptz NOT NULL DEFAULT now(),
      applied_seq bigint NOT NULL,
      segments jsonb NOT NULL,
      last_seq bigint NOT NULL DEFAULT 0,
      floor_seq bigint NOT NULL DEFAULT 0,
      floor_at timestamptz NOT NULL DEFAULT now()
    )`,
    // One row an entry, whatever happened to it: what it is now is read from the list when it is asked for.
    `CREATE TABLE publication_change (
      list_id text NOT NULL REFERENCES publication ON DELETE CASCADE,
      entry_id text NOT NULL,
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (list_id, entry_id)
    )`,
    `CREATE UNIQUE INDEX publication_change_seq ON publication_change (list_id, seq)`,
    `CREATE INDEX publication_change_at ON publication_change (list_id, at, seq)`,
    `CREATE INDEX list_change_of_list ON list_change (list_id, seq)`,
    `CREATE TABLE member (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      hash bytea NOT NULL UNIQUE,
      lists jsonb,
      grades jsonb,
      jurisdictions jsonb NOT NULL,
      rate text,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      revoked_at timestamptz,
      seen_at timestamptz
    )`,
    `CREATE TABLE member_opinion (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      member_id text NOT NULL REFERENCES member,
      affirmative boolean NOT NULL,
      signal text NOT NULL,
      reason text,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (list_id, entry_id, member_id)
    )`,
  ],
};
