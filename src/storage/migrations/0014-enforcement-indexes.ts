import type { Migration } from './migration.js';

/** What is looked for every few seconds is found by an index, however much was kept. */
export const enforcementIndexes: Migration = {
  number: 14,
  name: 'enforcement-indexes',
  statements: [
    `CREATE INDEX evidence_overdue ON evidence (retain_until) WHERE state = 'sealed'`,
    `CREATE INDEX evidence_blob ON evidence (blob) WHERE blob IS NOT NULL`,
    `CREATE INDEX entry_status_doubted ON entry_status (changed_at) WHERE status IN ('withdrawn', 'disputed')`,
  ],
};
