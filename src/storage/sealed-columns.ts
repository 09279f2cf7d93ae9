/**
 * Every table whose column `sealed` is sealed under the master key itself, with its key column and what it is sealed for.
 * Those that outlive every key are sealed again under the active one; the others are gone before it is.
 */
export const LASTING_SEALS = [
  { table: 'secret', key: 'name', purpose: 'secret' },
  { table: 'subject_key', key: 'subject', purpose: 'subject-key' },
  { table: 'webhook', key: 'id', purpose: 'webhook' },
  { table: 'proposal', key: 'id', purpose: 'proposal' },
  { table: 'derived_signal', key: 'id', purpose: 'derived' },
  { table: 'publication_key', key: 'id', purpose: 'publication-key' },
  { table: 'source', key: 'id', purpose: 'source' },
  { table: 'platform', key: 'id', purpose: 'platform' },
  { table: 'moderation_case', key: 'id', purpose: 'case' },
  { table: 'bank_content', key: 'id', purpose: 'bank-content' },
  { table: 'exchange_credential', key: 'api', purpose: 'exchange-credential' },
] as const;

export const SEALED_TABLES = [...LASTING_SEALS.map(({ table }) => table), 'outbox', 'item'] as const;

/** Tables whose column `sealed` is sealed under the key of a subject, which is a row of `subject_key`. */
export const SUBJECT_SEALED_TABLES = ['account_identity', 'event_payload', 'retro_find'] as const;
