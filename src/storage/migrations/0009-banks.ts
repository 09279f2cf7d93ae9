import type { Migration } from './migration.js';

/** Lists and their entries as clients of Hasher-Matcher-Actioner know them: by the names of banks, and by numbers. */
export const banks: Migration = {
  number: 9,
  name: 'banks',
  statements: [
    `CREATE TABLE bank (
      name text PRIMARY KEY,
      list_id text NOT NULL UNIQUE REFERENCES list ON DELETE CASCADE
    )`,
    // A number is given once and never again, whatever becomes of its entry. What people noted of it is sealed.
    `CREATE TABLE bank_content (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      list_id text NOT NULL REFERENCES list ON DELETE CASCADE,
      entry_id text NOT NULL,
      disabled_until timestamptz,
      deleted_at timestamptz,
      sealed bytea,
      UNIQUE (list_id, entry_id)
    )`,
    `CREATE INDEX bank_content_due ON bank_content (disabled_until) WHERE disabled_until IS NOT NULL`,
    // Credentials that were given for every source of a kind.
    `CREATE TABLE exchange_credential (
      api text PRIMARY KEY,
      sealed bytea NOT NULL
    )`,
  ],
};
