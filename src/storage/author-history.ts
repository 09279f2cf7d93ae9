import { sql } from 'kysely';
import type { Db, Tx } from './schema.js';

/**
 * When people confirmed items of these accounts.
 * @param accounts our ids
 * @returns by account, oldest first; accounts without any are left out
 */
export async function confirmedItems(
  db: Db | Tx,
  accounts: readonly string[],
  { since, until }: { readonly since: Date; readonly until: Date },
): Promise<ReadonlyMap<string, readonly Date[]>> {
  if (accounts.length === 0) return new Map();
  const { rows } = await sql<{ account: string; at: Date }>`
    SELECT item.account_id AS account, min(moderation_case.decided_at) AS at
    FROM moderation_case JOIN item ON item.id = moderation_case.item_id
    WHERE moderation_case.decision = 'confirmed' AND moderation_case.decided_at BETWEEN ${since} AND ${until}
      AND item.account_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(accounts)}::jsonb))
    GROUP BY item.id, item.account_id ORDER BY at`.execute(db);
  const found = new Map<string, Date[]>();
  for (const { account, at } of rows) {
    const times = found.get(account) ?? [];
    times.push(at);
    found.set(account, times);
  }
  return found;
}
