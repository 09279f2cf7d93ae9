import type { Migration } from './migration.js';

/** New entries tried against what was seen: runs, their progress and what they found. */
export const retro: Migration = {
  number: 6,
  name: 'retro',
  statements: [
    // Each node has seen records of its own; from here on it tries new entries against them.
    `CREATE TABLE retro_node (
      node text PRIMARY KEY,
      since timestamptz NOT NULL DEFAULT now()
    )`,
    // What came to a list between two versions, tried by one node. Without the first, every entry is new.
    `CREATE TABLE retro_run (
      id text PRIMARY KEY,
      node text NOT NULL,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      from_version integer,
      to_version integer NOT NULL,
      seq bigint NOT NULL,
      cause text NOT NULL CHECK (cause IN ('baseline', 'published', 'asked')),
      state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'stopped')),
      pass text,
      until_file text,
      entries bigint NOT NULL DEFAULT 0,
      files integer NOT NULL DEFAULT 0,
      files_done integer NOT NULL DEFAULT 0,
      records bigint NOT NULL DEFAULT 0,
      hashes bigint NOT NULL DEFAULT 0,
      finds bigint NOT NULL DEFAULT 0,
      damaged integer NOT NULL DEFAULT 0,
      last_error text,
      created_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      finished_at timestamptz
    )`,
    `CREATE UNIQUE INDEX retro_run_waiting ON retro_run (node, list_id) WHERE state = 'waiting'`,
    `CREATE INDEX retro_run_list ON retro_run (list_id, node, created_at)`,
    `CREATE INDEX retro_run_open ON retro_run (node) WHERE state IN ('waiting', 'running')`,
    // Files that a pass is done with, so that it can be gone on with.
    `CREATE TABLE retro_file (
      pass text NOT NULL,
      portion integer NOT NULL,
      file text NOT NULL,
      PRIMARY KEY (pass, portion, file)
    )`,
    // The key is made of what was found where, so that the same find twice is one.
    `CREATE TABLE retro_find (
      id text PRIMARY KEY,
      key bytea NOT NULL UNIQUE,
      run_id text NOT NULL,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      version integer NOT NULL,
      entry_id text NOT NULL,
      item_id text,
      medium integer,
      reference bytea,
      subject text NOT NULL,
      detail jsonb NOT NULL,
      sealed bytea NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('told', 'shadow', 'held')),
      seen_at timestamptz NOT NULL,
      found_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE INDEX retro_find_order ON retro_find (found_at, id)`,
    `CREATE INDEX retro_find_entry ON retro_find (list_id, entry_id)`,
    `CREATE INDEX retro_find_item ON retro_find (item_id) WHERE item_id IS NOT NULL`,
    `CREATE INDEX retro_find_reference ON retro_find (reference) WHERE reference IS NOT NULL`,
  ],
};
