import type { Migration } from './migration.js';

/** Platforms, policies, actions with their brakes, sealed evidence, and the cases that people decide. */
export const enforcement: Migration = {
  number: 13,
  name: 'enforcement',
  statements: [
    // A connection to a platform. What it remembers between starts (such as how far it has read) is its own.
    `CREATE TABLE platform (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      kind text NOT NULL,
      settings jsonb NOT NULL,
      sealed bytea,
      enabled boolean NOT NULL DEFAULT true,
      dry_run boolean NOT NULL DEFAULT true,
      memory jsonb,
      state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'connected', 'failing', 'refused')),
      last_error text,
      failures integer NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL DEFAULT now(),
      leased_by text,
      leased_until timestamptz,
      connected_at timestamptz,
      heard_at timestamptz,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,

    // An edited message is another item under the same id of the platform; what is gone there needs no act.
    `ALTER TABLE item ADD COLUMN revision text NOT NULL DEFAULT ''`,
    `ALTER TABLE item ADD COLUMN gone_at timestamptz`,
    `ALTER TABLE item ADD COLUMN seen_at timestamptz`,
    `ALTER TABLE item ADD COLUMN album text`,
    `ALTER TABLE item DROP CONSTRAINT item_platform_platform_id_key`,
    `ALTER TABLE item ADD CONSTRAINT item_once UNIQUE (platform, platform_id, revision)`,
    `CREATE INDEX item_album ON item (platform, album) WHERE album IS NOT NULL`,

    // Which items an entry matched: how a decision on one reaches all of them.
    `CREATE TABLE item_match (
      item_id text NOT NULL REFERENCES item ON DELETE CASCADE,
      medium smallint NOT NULL,
      list_id text NOT NULL,
      entry_id text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (list_id, entry_id, item_id, medium)
    )`,
    `CREATE INDEX item_match_item ON item_match (item_id)`,
    // Media of items by 63 bits of a keyed digest of their SHA-256: copies of one medium.
    `CREATE TABLE item_copy (
      medium bigint NOT NULL,
      item_id text NOT NULL REFERENCES item ON DELETE CASCADE,
      ordinal smallint NOT NULL,
      PRIMARY KEY (medium, item_id, ordinal)
    )`,
    `CREATE INDEX item_copy_item ON item_copy (item_id)`,

    `CREATE TABLE policy_version (
      number integer PRIMARY KEY CHECK (number > 0),
      state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'active', 'retired')),
      source text NOT NULL,
      note text NOT NULL,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      activated_by text,
      activated_at timestamptz
    )`,
    `CREATE UNIQUE INDEX policy_version_one_active ON policy_version (state) WHERE state = 'active'`,

    `CREATE TABLE moderation_case (
      id text PRIMARY KEY,
      subject_kind text NOT NULL CHECK (subject_kind IN ('item', 'account', 'room')),
      subject_id text NOT NULL,
      platform text NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'decided')),
      priority smallint NOT NULL,
      cause text NOT NULL,
      item_id text,
      verdict_id text,
      score real,
      reports integer NOT NULL DEFAULT 0,
      opened_by text NOT NULL,
      opened_at timestamptz NOT NULL DEFAULT now(),
      due timestamptz NOT NULL,
      decision text CHECK (decision IN ('confirmed', 'dismissed')),
      decided_by text,
      decided_at timestamptz,
      sealed bytea,
      CHECK ((state = 'decided') = (decided_at IS NOT NULL))
    )`,
    `CREATE UNIQUE INDEX moderation_case_one_open ON moderation_case (platform, subject_kind, subject_id)
      WHERE state = 'open'`,
    // How often people confirmed items of an account.
    `CREATE INDEX moderation_case_confirmed ON moderation_case (item_id, decided_at) WHERE decision = 'confirmed'`,
    `CREATE INDEX moderation_case_queue ON moderation_case (priority DESC, opened_at) WHERE state = 'open'`,

    // Something that is to be done, was done, or was kept from being done, on a platform.
    `CREATE TABLE action (
      id text PRIMARY KEY,
      act text NOT NULL,
      platform text NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('item', 'account', 'room')),
      subject_id text NOT NULL,
      round integer NOT NULL DEFAULT 1,
      item_id text,
      verdict_id text,
      case_id text,
      list_id text,
      entry_id text,
      rule text NOT NULL,
      policy_version integer,
      reason text NOT NULL,
      message text,
      state text NOT NULL CHECK (state IN ('proposed', 'ordered', 'confirmed', 'dropped', 'failed', 'given-up', 'refused')),
      held_by text,
      dry_run boolean NOT NULL DEFAULT false,
      outcome text,
      undoes text REFERENCES action,
      cause text,
      effect_id text,
      seen_at timestamptz,
      fetched_at timestamptz,
      verdict_at timestamptz,
      proposed_at timestamptz NOT NULL DEFAULT now(),
      ordered_at timestamptz,
      ordered_by text,
      ended_at timestamptz,
      UNIQUE (platform, subject_kind, subject_id, act, round)
    )`,
    `CREATE UNIQUE INDEX action_effect ON action (effect_id) WHERE effect_id IS NOT NULL`,
    `CREATE INDEX action_undoes ON action (undoes) WHERE undoes IS NOT NULL`,
    `CREATE INDEX action_case ON action (case_id) WHERE case_id IS NOT NULL`,
    // How many a rule has ordered of late: on a platform, for a list and for an entry.
    `CREATE INDEX action_platform_rate ON action (platform, ordered_at) WHERE ordered_by = 'policy'`,
    `CREATE INDEX action_list_rate ON action (list_id, ordered_at) WHERE ordered_by = 'policy'`,
    `CREATE INDEX action_entry_rate ON action (list_id, entry_id, ordered_at) WHERE ordered_by = 'policy'`,
    `CREATE INDEX action_entry ON action (list_id, entry_id) WHERE list_id IS NOT NULL`,
    `CREATE INDEX action_item ON action (item_id) WHERE item_id IS NOT NULL`,
    `CREATE INDEX action_open ON action (proposed_at) WHERE state IN ('proposed', 'ordered', 'failed')`,
    `CREATE INDEX action_recent ON action (proposed_at)`,

    // While one is on, what would be ordered is only proposed. An empty platform: all of them.
    `CREATE TABLE enforcement_stop (
      id text PRIMARY KEY,
      platform text NOT NULL DEFAULT '',
      reason text NOT NULL,
      stopped_by text NOT NULL,
      stopped_at timestamptz NOT NULL DEFAULT now(),
      lifted_by text,
      lifted_at timestamptz
    )`,
    `CREATE UNIQUE INDEX enforcement_stop_one_on ON enforcement_stop (platform) WHERE lifted_at IS NULL`,

    `CREATE TABLE exemption (
      id text PRIMARY KEY,
      platform text NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('account', 'room')),
      subject_id text NOT NULL,
      reason text NOT NULL,
      until timestamptz NOT NULL,
      granted_by text NOT NULL,
      granted_at timestamptz NOT NULL DEFAULT now(),
      ended_by text,
      ended_at timestamptz
    )`,
    `CREATE UNIQUE INDEX exemption_one_on ON exemption (platform, subject_kind, subject_id) WHERE ended_at IS NULL`,

    // What was sealed before it was removed. The bytes lie in the blob store.
    `CREATE TABLE evidence (
      id text PRIMARY KEY,
      item_id text NOT NULL,
      medium smallint NOT NULL,
      state text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'sealed', 'not-had', 'destroyed')),
      blob text,
      bytes bigint,
      sha256 bytea,
      last_error text,
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL DEFAULT now(),
      wanted_at timestamptz NOT NULL DEFAULT now(),
      sealed_at timestamptz,
      retain_until timestamptz NOT NULL,
      UNIQUE (item_id, medium)
    )`,
    `CREATE INDEX evidence_wanted ON evidence (next_at) WHERE state = 'wanted'`,
  ],
};
