import type { Migration } from './migration.js';

/** Lists, their versions and segments, entries that were touched, the change log, imports, keys. */
export const lists: Migration = {
  number: 1,
  name: 'lists',
  statements: [
    `CREATE TABLE instance (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      id text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      formats jsonb NOT NULL DEFAULT '{}'
    )`,
    `CREATE TABLE list (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
      source text,
      licence text,
      terms text,
      expires_at timestamptz,
      shadow boolean NOT NULL DEFAULT false,
      threshold jsonb,
      current_version integer,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE list_version (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      version integer NOT NULL CHECK (version > 0),
      state text NOT NULL CHECK (state IN ('current', 'kept', 'retired')),
      source_name text,
      format text,
      entries bigint NOT NULL,
      report jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (list_id, version)
    )`,
    `CREATE UNIQUE INDEX list_version_one_current ON list_version (list_id) WHERE state = 'current'`,
    `CREATE TABLE segment (
      id text PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      bytes bigint NOT NULL,
      entries bigint NOT NULL,
      summary jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE version_segment (
      list_id text NOT NULL,
      version integer NOT NULL,
      segment_id text NOT NULL REFERENCES segment ON DELETE CASCADE,
      ordinal integer NOT NULL,
      PRIMARY KEY (list_id, version, ordinal),
      UNIQUE (list_id, version, segment_id),
      FOREIGN KEY (list_id, version) REFERENCES list_version ON DELETE CASCADE
    )`,
    `CREATE INDEX version_segment_segment ON version_segment (segment_id)`,
    `CREATE TABLE entry_status (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      status text NOT NULL CHECK (status IN ('withdrawn', 'disputed', 'inactive', 'active')),
      reason text,
      changed_by text,
      changed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (list_id, entry_id)
    )`,
    `CREATE TABLE list_change (
      seq bigint PRIMARY KEY,
      list_id text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('version', 'entry', 'removed')),
      payload jsonb NOT NULL,
      at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE import_run (
      id text PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      version integer NOT NULL CHECK (version > 0),
      source_name text,
      source_fingerprint text,
      checkpoint jsonb,
      state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'abandoned')),
      staged jsonb NOT NULL DEFAULT '[]',
      counts jsonb NOT NULL DEFAULT '{}',
      started_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE UNIQUE INDEX import_run_one_running ON import_run (list_id) WHERE state = 'running'`,
    `CREATE TABLE api_key (
      id text PRIMARY KEY,
      name text NOT NULL,
      hash bytea NOT NULL UNIQUE,
      scopes jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      revoked_at timestamptz,
      last_used_at timestamptz
    )`,
  ],
};
