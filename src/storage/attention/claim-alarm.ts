import { sql } from 'kysely';
import type { Tx } from '../schema.js';
import { ALARMING_KINDS } from './attention-kinds.js';
import { type Attention, findAttention } from './attention-store.js';

export interface AlarmPace {
  /** The same cause, gone and come again, is quiet for so long. Milliseconds, as below. */
  readonly quietMs: number;
  /** What stays overdue is told again after so long. */
  readonly repeatMs: number;
}

/**
 * Takes one attention whose alarm is to be given now and marks it, so that each alarm is given once among all processes:
 * one that was just raised, if its kind alarms at once, or one that is overdue. It waits for whoever is just raising it:
 * skipping it would leave what is raised all the time without an alarm.
 */
export async function claimAlarm(tx: Tx, { quietMs, repeatMs }: AlarmPace): Promise<Attention | undefined> {
  const ago = (ms: number) => sql`now() - ${ms}::float8 * interval '1 millisecond'`;
  const { rows } = await sql<{ id: string }>`
    UPDATE attention SET alarmed_at = now() WHERE id IN (
      SELECT id FROM attention AS a
      WHERE state <> 'resolved' AND (
        (state = 'open' AND alarmed_at IS NULL AND kind IN (${sql.join(ALARMING_KINDS)}) AND NOT EXISTS (
          SELECT FROM attention AS before
          WHERE before.kind = a.kind AND before.cause = a.cause AND before.alarmed_at > ${ago(quietMs)}
        ))
        OR (due < now() AND (
          alarmed_at IS NULL OR alarmed_at < ${ago(repeatMs)} OR (alarmed_at < due AND alarmed_at < ${ago(quietMs)})
        ))
      )
      ORDER BY due LIMIT 1 FOR UPDATE
    ) RETURNING id
  `.execute(tx);
  const [claimed] = rows;
  return claimed && (await findAttention(tx, claimed.id));
}
