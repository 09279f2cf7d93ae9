import type { Migration } from './migration.js';

/** Perceptual hashes for many entries at once: they wait beside those that act until their proposal is approved. */
export const enrichment: Migration = {
  number: 10,
  name: 'enrichment',
  statements: [
    `ALTER TABLE proposal DROP CONSTRAINT proposal_act_check`,
    `ALTER TABLE proposal ADD CONSTRAINT proposal_act_check
      CHECK (act IN ('add', 'restore', 'derive', 'enrich', 'lift-approval'))`,
    `ALTER TABLE derived_signal ALTER COLUMN approved_at DROP NOT NULL`,
    `ALTER TABLE derived_signal ALTER COLUMN approved_at DROP DEFAULT`,
    `ALTER TABLE derived_signal ADD COLUMN made_at timestamptz NOT NULL DEFAULT now()`,
    `CREATE INDEX derived_signal_waiting ON derived_signal (proposal_id) WHERE approved_at IS NULL`,
  ],
};
