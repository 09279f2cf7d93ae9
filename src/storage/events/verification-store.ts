import { sql } from 'kysely';
import { jsonb } from '../column-values.js';
import type { Db, Tx, VerificationPart } from '../schema.js';
import { NO_BATCH } from './batch-file.js';
import type { FindingKind } from './verify-events.js';

/** How often what was found, by kind. */
export type Found = Readonly<Partial<Record<FindingKind, number>>>;

/** A pass of the regular verification, as far as it has come. */
export interface Pass {
  readonly part: VerificationPart;
  readonly number: number;
  readonly hash: string;
  readonly found: Found;
}

/** The last pass that came to the end of the record. */
export interface LastPass {
  readonly part: VerificationPart;
  readonly at: Date;
  /** The batch that was the last one then, and its hash: stands for all before it. */
  readonly batch: number;
  readonly head: string;
  readonly found: Found;
}

const PARTS: readonly VerificationPart[] = ['newest', 'whole'];
const START = Buffer.from(NO_BATCH, 'hex');

/** Takes a pass that is due, unless another process is at it. A process that died loses it when the lease is over. */
export async function takePass(db: Db, by: string, leaseMs: number): Promise<Pass | undefined> {
  const rows = PARTS.map((part) => ({ part, hash: START, found: jsonb<Readonly<Record<string, number>>>({}) }));
  await db
    .insertInto('event_verification')
    .values(rows)
    .onConflict((conflict) => conflict.column('part').doNothing())
    .execute();
  const { rows: taken } = await sql<{ part: VerificationPart; number: number; hash: Uint8Array; found: Found }>`
    UPDATE event_verification SET leased_by = ${by}, leased_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
    WHERE part = (
      SELECT part FROM event_verification WHERE next_at <= now() AND (leased_until IS NULL OR leased_until < now())
      ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING part, number, hash, found`.execute(db);
  const [row] = taken;
  return row === undefined ? undefined : { ...row, hash: Buffer.from(row.hash).toString('hex') };
}

/** Gives a pass back, to be gone on with at once. @returns false when it was not ours any more */
export async function putPass(tx: Tx, by: string, { part, number, hash, found }: Pass): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('event_verification')
    .set({
      number,
      hash: Buffer.from(hash, 'hex'),
      found: jsonb<Readonly<Record<string, number>>>(found),
      leased_by: null,
      leased_until: null,
    })
    .where('part', '=', part)
    .where('leased_by', '=', by)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Ends a pass that has come to the end of the record. @returns false when it was not ours any more */
export async function endPass(tx: Tx, by: string, pass: Pass, againMs: number): Promise<boolean> {
  const { part, number, hash, found } = pass;
  const next = part === 'newest' ? { number, hash } : { number: 0, hash: NO_BATCH };
  if (!(await putPass(tx, by, { part, ...next, found: {} }))) return false;
  await tx
    .updateTable('event_verification')
    .set({
      next_at: sql<Date>`now() + ${againMs}::float8 * interval '1 millisecond'`,
      verified_at: sql<Date>`now()`,
      verified_number: number,
      verified_hash: Buffer.from(hash, 'hex'),
      verified_found: jsonb<Readonly<Record<string, number>>>(found),
    })
    .where('part', '=', part)
    .execute();
  return true;
}

/** The last passes that came to an end; none of a part that was never verified. */
export async function lastPasses(db: Db): Promise<LastPass[]> {
  const rows = await db.selectFrom('event_verification').selectAll().orderBy('part').execute();
  return rows.flatMap(
    ({ part, verified_at: at, verified_number: batch, verified_hash: head, verified_found: found }) =>
      at === null || batch === null || head === null
        ? []
        : [{ part, at, batch, head: Buffer.from(head).toString('hex'), found: found ?? {} }],
  );
}
