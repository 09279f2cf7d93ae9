import { sql } from 'kysely';
import type { Keyring } from './keyring.js';
import type { Db } from './schema.js';
import { seal, unseal } from './seal.js';
import { LASTING_SEALS } from './sealed-columns.js';

const PAGE = 500;

export interface Rewrapped {
  /** Values that are sealed under the active key now. */
  readonly renewed: number;
  /** Values that none of the keys opens, or that were changed. They are left as they are. */
  readonly failed: number;
}

/**
 * Seals what lasts under the active key, so that older keys can be let go some day. What somebody changes meanwhile is
 * left to the next time. Runs beside everything else, on every node, any number of times.
 */
export async function rewrap(db: Db, keyring: Keyring, signal?: AbortSignal): Promise<Rewrapped> {
  let renewed = 0;
  let failed = 0;
  for (const { table, key, purpose } of LASTING_SEALS) {
    for (let after = ''; ; ) {
      signal?.throwIfAborted();
      const { rows } = await sql<{ key: string; sealed: Uint8Array }>`
        SELECT ${sql.ref(key)}::text AS key, sealed FROM ${sql.table(table)}
        WHERE sealed IS NOT NULL AND substring(sealed FROM 2 FOR 8) <> decode(${keyring.activeId}, 'hex') AND ${sql.ref(key)}::text COLLATE "C" > ${after}
        ORDER BY ${sql.ref(key)}::text COLLATE "C" LIMIT ${PAGE}`.execute(db);
      for (const row of rows) {
        const again = renew(keyring, row.sealed, { purpose, aad: row.key });
        if (again === undefined) failed++;
        else {
          const { numAffectedRows } = await sql`UPDATE ${sql.table(table)} SET sealed = ${again}
            WHERE ${sql.ref(key)}::text = ${row.key} AND sealed = ${row.sealed}`.execute(db);
          renewed += Number(numAffectedRows ?? 0);
        }
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = last.key;
    }
  }
  return { renewed, failed };
}

function renew(keyring: Keyring, sealed: Uint8Array, context: Parameters<typeof unseal>[2]): Uint8Array | undefined {
  try {
    const plain = unseal(keyring, sealed, context);
    const again = seal(keyring, plain, context);
    plain.fill(0);
    return again;
  } catch {
    return undefined;
  }
}
