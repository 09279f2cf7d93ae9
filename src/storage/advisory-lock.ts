import { sql } from 'kysely';
import type { Tx } from './schema.js';

/** The advisory locks of Vigie, all in one place so that no two share a number. */
const ADVISORY_LOCKS = {
  migrations: 1,
  'list-change': 2,
  'event-seal': 3,
  'verdict-partitions': 20,
  secrets: 21,
  policy: 22,
} as const;

/** "VIGI": sets our locks apart from those of other programs in the same database. */
const SPACE = 0x56494749;

/** Waits for a lock that is held until the transaction ends. */
export async function advisoryLock(tx: Tx, name: keyof typeof ADVISORY_LOCKS): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${SPACE}::int4, ${ADVISORY_LOCKS[name]}::int4)`.execute(tx);
}

/** Waits for the lock of one thing among many, such as a subject of effects; it is held until the transaction ends. */
export async function advisoryLockOf(tx: Tx, what: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${what}, ${SPACE}))`.execute(tx);
}

/** Takes a lock that is held until the transaction ends, unless another holds it. @returns whether it was taken */
export async function tryAdvisoryLock(tx: Tx, name: keyof typeof ADVISORY_LOCKS): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    SELECT pg_try_advisory_xact_lock(${SPACE}::int4, ${ADVISORY_LOCKS[name]}::int4) AS taken`.execute(tx);
  return rows[0]?.taken === true;
}

/** Tells those who listen on a channel, on every node, once the transaction has committed. */
export async function notify(tx: Tx, channel: string, payload: string): Promise<void> {
  await sql`SELECT pg_notify(${channel}, ${payload})`.execute(tx);
}
