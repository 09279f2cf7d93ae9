import type { Migration } from './migration.js';

/** What curators propose and who approves it, how long entries hold, what was derived, what was confirmed and refuted. */
export const curation: Migration = {
  number: 5,
  name: 'curation',
  statements: [
    `ALTER TABLE list ADD COLUMN approval text NOT NULL DEFAULT 'none' CHECK (approval IN ('none', 'two-person'))`,
    // What is proposed is sealed, and let go as soon as it is decided.
    `CREATE TABLE proposal (
      id text PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      act text NOT NULL CHECK (act IN ('add', 'restore', 'derive', 'lift-approval')),
      entry_id text NOT NULL,
      state text NOT NULL DEFAULT 'proposed'
        CHECK (state IN ('proposed', 'approved', 'refused', 'expired', 'taken-back')),
      sealed bytea,
      signals jsonb NOT NULL DEFAULT '{}',
      reason text NOT NULL,
      verdict_id text,
      until timestamptz,
      proposed_by text NOT NULL,
      proposed_at timestamptz NOT NULL DEFAULT now(),
      closes_at timestamptz NOT NULL,
      decided_by text,
      decided_at timestamptz,
      decision_reason text,
      CHECK ((state = 'proposed') = (decided_at IS NULL)),
      CHECK (state <> 'approved' OR decided_by <> proposed_by)
    )`,
    `CREATE UNIQUE INDEX proposal_one_waiting ON proposal (list_id, act, entry_id) WHERE state = 'proposed'`,
    `CREATE INDEX proposal_closes ON proposal (closes_at) WHERE state = 'proposed'`,
    `CREATE INDEX proposal_newest ON proposal (proposed_at, id)`,

    `CREATE TABLE entry_term (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      until timestamptz NOT NULL,
      ended_at timestamptz,
      PRIMARY KEY (list_id, entry_id)
    )`,
    `CREATE INDEX entry_term_due ON entry_term (until) WHERE ended_at IS NULL`,

    // Signals that we made of media which people confirmed, by the entry that they belong to; those that were withdrawn
    // stay, so that an older version of the list does not bring them back.
    `CREATE TABLE derived_signal (
      id text PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      sealed bytea NOT NULL,
      proposal_id text NOT NULL,
      approved_at timestamptz NOT NULL DEFAULT now(),
      withdrawn_at timestamptz,
      withdrawn_by text
    )`,
    `CREATE INDEX derived_signal_entry ON derived_signal (list_id, entry_id)`,

    `CREATE TABLE judgement (
      id text PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      verdict_id text NOT NULL,
      medium smallint NOT NULL,
      opinion text NOT NULL CHECK (opinion IN ('confirmed', 'refuted')),
      signal text NOT NULL,
      shadow boolean NOT NULL,
      reason text NOT NULL,
      judged_by text NOT NULL,
      judged_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (verdict_id, list_id, entry_id)
    )`,
    `CREATE INDEX judgement_entry ON judgement (list_id, entry_id)`,
    // What a source was told last of one of its entries; round grows with each change of mind.
    `CREATE TABLE source_opinion (
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      opinion text NOT NULL CHECK (opinion IN ('confirmed', 'refuted')),
      round integer NOT NULL,
      PRIMARY KEY (list_id, entry_id)
    )`,
  ],
};
