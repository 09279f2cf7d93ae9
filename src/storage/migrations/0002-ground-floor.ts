import type { Migration } from './migration.js';

/** Events and their seal, effects, attention, nodes, items, verdicts, the work stream, switches. */
export const groundFloor: Migration = {
  number: 2,
  name: 'ground-floor',
  statements: [
    // Secrets that must outlive a rotation of the master key, each sealed under it.
    `CREATE TABLE secret (
      name text PRIMARY KEY,
      sealed bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,

    // A subject's key: destroying it makes every payload that was sealed under it unreadable.
    `CREATE TABLE subject_key (
      subject text PRIMARY KEY,
      sealed bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      erased_at timestamptz,
      CHECK ((sealed IS NULL) = (erased_at IS NOT NULL))
    )`,
    `CREATE TABLE account (
      id text PRIMARY KEY,
      platform text NOT NULL,
      pseudonym bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (platform, pseudonym)
    )`,
    // The platform's own id, which only enforcement and reporting may read; sealed under the account's subject key.
    `CREATE TABLE account_identity (
      account_id text PRIMARY KEY REFERENCES account ON DELETE CASCADE,
      sealed bytea NOT NULL
    )`,

    // xid is the writing transaction's: whatever is below the oldest one that still runs is complete (seal-events.ts).
    `CREATE TABLE event (
      id text PRIMARY KEY,
      xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
      kind text NOT NULL,
      version smallint NOT NULL,
      at timestamptz NOT NULL,
      actor text NOT NULL,
      subject text NOT NULL,
      refs jsonb NOT NULL DEFAULT '{}',
      commitment bytea NOT NULL CHECK (octet_length(commitment) = 32)
    )`,
    `CREATE INDEX event_order ON event (xid, id)`,
    `CREATE INDEX event_subject ON event (subject, at)`,
    `CREATE INDEX event_kind ON event (kind, at)`,
    `CREATE TABLE event_payload (
      event_id text PRIMARY KEY REFERENCES event ON DELETE CASCADE,
      subject text NOT NULL,
      sealed bytea NOT NULL
    )`,
    `CREATE INDEX event_payload_subject ON event_payload (subject)`,
    // Events of one batch are those with from_xid <= xid < until_xid.
    `CREATE TABLE event_batch (
      number bigint PRIMARY KEY CHECK (number > 0),
      from_xid bigint NOT NULL,
      until_xid bigint NOT NULL,
      events integer NOT NULL CHECK (events > 0),
      root bytea NOT NULL CHECK (octet_length(root) = 32),
      previous bytea NOT NULL CHECK (octet_length(previous) = 32),
      hash bytea NOT NULL CHECK (octet_length(hash) = 32),
      sealed_at timestamptz NOT NULL
    )`,

    // How far the regular verification of the record has come, and what it found in the last one that it ended.
    `CREATE TABLE event_verification (
      part text PRIMARY KEY CHECK (part IN ('newest', 'whole')),
      number bigint NOT NULL DEFAULT 0,
      hash bytea NOT NULL CHECK (octet_length(hash) = 32),
      found jsonb NOT NULL DEFAULT '{}',
      next_at timestamptz NOT NULL DEFAULT now(),
      leased_by text,
      leased_until timestamptz,
      verified_at timestamptz,
      verified_number bigint,
      verified_hash bytea CHECK (octet_length(verified_hash) = 32),
      verified_found jsonb
    )`,

    // Everything that leaves the house. position orders the effects of one subject.
    `CREATE TABLE outbox (
      id text PRIMARY KEY,
      position bigint GENERATED ALWAYS AS IDENTITY,
      kind text NOT NULL,
      subject text NOT NULL,
      idempotency_key text NOT NULL UNIQUE,
      sealed bytea NOT NULL,
      cause text,
      state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dropped', 'exhausted', 'given-up')),
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL DEFAULT now(),
      leased_by text,
      leased_until timestamptz,
      last_error text,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      CHECK ((state = 'pending' OR state = 'exhausted') = (finished_at IS NULL))
    )`,
    `CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'pending'`,
    `CREATE INDEX outbox_subject ON outbox (subject, position) WHERE state IN ('pending', 'exhausted')`,
    `CREATE INDEX outbox_exhausted ON outbox (created_at) WHERE state = 'exhausted'`,
    `CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL`,
    `CREATE TABLE webhook (
      id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      sealed bytea NOT NULL,
      kinds jsonb NOT NULL,
      active boolean NOT NULL DEFAULT true,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,

    `CREATE TABLE attention (
      id text PRIMARY KEY,
      kind text NOT NULL,
      cause text NOT NULL,
      subject text NOT NULL,
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
      count bigint NOT NULL DEFAULT 1,
      detail jsonb NOT NULL DEFAULT '{}',
      due timestamptz NOT NULL,
      first_at timestamptz NOT NULL DEFAULT now(),
      last_at timestamptz NOT NULL DEFAULT now(),
      alarmed_at timestamptz,
      changed_by text,
      note text,
      resolved_at timestamptz,
      CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
    )`,
    `CREATE UNIQUE INDEX attention_one_open ON attention (kind, cause) WHERE state <> 'resolved'`,
    `CREATE INDEX attention_due ON attention (due) WHERE state <> 'resolved'`,
    // The items that wait behind an attention and can be tried again when its cause is gone.
    `CREATE TABLE attention_backlog (
      attention_id text NOT NULL REFERENCES attention ON DELETE CASCADE,
      item_id text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (attention_id, item_id)
    )`,

    // Who writes an import: the id of its node and a random word, so that taking it over is a comparison.
    `ALTER TABLE import_run ADD COLUMN holder text`,
    `CREATE TABLE node (
      id text PRIMARY KEY,
      name text NOT NULL,
      role text NOT NULL CHECK (role IN ('serve', 'worker')),
      version text NOT NULL,
      applied_seq bigint NOT NULL DEFAULT 0,
      ready boolean NOT NULL DEFAULT false,
      started_at timestamptz NOT NULL DEFAULT now(),
      seen_at timestamptz NOT NULL DEFAULT now(),
      left_at timestamptz
    )`,

    `CREATE TABLE item (
      id text PRIMARY KEY,
      platform text NOT NULL,
      platform_id text NOT NULL,
      fingerprint bytea NOT NULL,
      account_id text REFERENCES account,
      surface text NOT NULL CHECK (surface IN ('public', 'private')),
      room text,
      lane text NOT NULL CHECK (lane IN ('live', 'backfill')),
      sealed bytea NOT NULL,
      state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'told', 'set-aside')),
      published_at timestamptz,
      received_at timestamptz NOT NULL DEFAULT now(),
      told_at timestamptz,
      UNIQUE (platform, platform_id)
    )`,
    `CREATE INDEX item_waiting ON item (lane, received_at) WHERE state = 'waiting'`,
    `CREATE INDEX item_unpublished ON item (received_at) WHERE state = 'waiting' AND published_at IS NULL`,
    `CREATE INDEX item_account ON item (account_id)`,
    `CREATE TABLE item_medium (
      item_id text NOT NULL REFERENCES item ON DELETE CASCADE,
      ordinal smallint NOT NULL,
      blob text,
      sha256 bytea,
      PRIMARY KEY (item_id, ordinal)
    )`,
    `CREATE INDEX item_medium_blob ON item_medium (blob) WHERE blob IS NOT NULL`,

    // Partitioned by day, so that old ones go by dropping a table (verdict-store.ts makes the partitions).
    `CREATE TABLE verdict (
      day date NOT NULL,
      id text NOT NULL,
      item_id text,
      medium smallint NOT NULL DEFAULT 0,
      verdict text NOT NULL CHECK (verdict IN ('match', 'no-match', 'could-not-tell')),
      reason text,
      detail jsonb NOT NULL DEFAULT '{}',
      engine text NOT NULL,
      applied_seq bigint NOT NULL,
      node text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (day, id)
    ) PARTITION BY RANGE (day)`,
    `CREATE INDEX verdict_item ON verdict (item_id) WHERE item_id IS NOT NULL`,
    `CREATE TABLE verdict_minute (
      minute timestamptz NOT NULL,
      node text NOT NULL,
      surface text NOT NULL,
      verdict text NOT NULL,
      reason text NOT NULL DEFAULT '',
      count bigint NOT NULL,
      milliseconds double precision NOT NULL,
      PRIMARY KEY (minute, node, surface, verdict, reason)
    )`,

    `CREATE TABLE work (
      id text PRIMARY KEY,
      lane text NOT NULL CHECK (lane IN ('live', 'backfill')),
      attempts integer NOT NULL DEFAULT 0,
      available_at timestamptz NOT NULL DEFAULT now(),
      leased_until timestamptz,
      queued_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE INDEX work_next ON work (lane, available_at)`,

    // Private surfaces are looked at only while one of these is on: a jurisdiction, its legal basis, and an end.
    `CREATE TABLE private_switch (
      id text PRIMARY KEY,
      jurisdiction text NOT NULL,
      legal_basis text NOT NULL,
      until timestamptz NOT NULL,
      switched_on_by text NOT NULL,
      switched_on_at timestamptz NOT NULL DEFAULT now(),
      switched_off_by text,
      switched_off_at timestamptz
    )`,
    `CREATE UNIQUE INDEX private_switch_one_on ON private_switch (jurisdiction) WHERE switched_off_at IS NULL`,

    `ALTER TABLE api_key ADD COLUMN rate text`,
  ],
};
