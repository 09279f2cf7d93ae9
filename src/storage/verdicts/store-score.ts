import { sql } from 'kysely';
import type { Tx } from '../schema.js';
import { dayOf } from './store-verdicts.js';

/**
 * Puts what an outside scorer said beside what led to a verdict.
 * @param at when the verdict was told, which says where it lies
 * @returns false when the verdict is gone, or has a score already
 */
export async function storeScore(
  tx: Tx,
  { id, at }: { readonly id: string; readonly at: Date },
  score: { readonly value: number; readonly scorer: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE verdict SET detail = detail || jsonb_build_object('score', ${JSON.stringify(score)}::jsonb)
    WHERE day = ${dayOf(at)}::date AND id = ${id} AND NOT detail ? 'score'`.execute(tx);
  return (numAffectedRows ?? 0n) > 0n;
}
