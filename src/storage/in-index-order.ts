import { sql } from 'kysely';
import type { Database } from './database.js';
import type { Tx } from './schema.js';

/**
 * Reads the first so many of what may be millions, along an index. Left to itself, the planner sorts a whole table of
 * which it believes that it is short: one that has just been filled, and any in the embedded database, where nobody
 * analyses tables.
 */
export async function inIndexOrder<T>(database: Database, act: (tx: Tx) => Promise<T>): Promise<T> {
  return await database.transaction(async (tx) => {
    await sql`SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
      set_config('enable_sort', 'off', true)`.execute(tx);
    return await act(tx);
  });
}
