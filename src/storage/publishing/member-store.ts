import { type Selectable, sql } from 'kysely';
import { VigieError } from '../../errors.js';
import { jsonb } from '../column-values.js';
import { randomId } from '../random-id.js';
import type { Db, MemberTable, Tx } from '../schema.js';
import { SqlError } from '../sql-error.js';

/** What of the published lists a member gets. */
export interface MemberView {
  /** Ids of lists; null for all that are published. */
  readonly lists: readonly string[] | null;
  /** Null for all grades. */
  readonly grades: readonly string[] | null;
  /** Where it is, such as GB: lists that are published for these alone need one of them. */
  readonly jurisdictions: readonly string[];
}

/** Somebody to whom lists are published. */
export interface StoredMember extends MemberView {
  readonly id: string;
  readonly name: string;
  /** Such as `10/s`; null for the rate that holds for all. */
  readonly rate: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  readonly seenAt: Date | null;
}

export interface NewMember extends MemberView {
  readonly name: string;
  /** SHA-256 of its key. */
  readonly hash: Uint8Array;
  readonly rate: string | null;
  readonly by: string;
}

/** @throws VigieError `member-name-taken` */
export async function addMember(tx: Tx, member: NewMember): Promise<StoredMember> {
  const { name, hash, rate, by, lists, grades, jurisdictions } = member;
  try {
    const row = await tx
      .insertInto('member')
      .values({
        ...{ id: randomId(), name, hash, rate, created_by: by },
        lists: lists === null ? null : jsonb(lists),
        grades: grades === null ? null : jsonb(grades),
        jurisdictions: jsonb(jurisdictions),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return memberOf(row);
  } catch (thrown) {
    if (thrown instanceof SqlError && thrown.sqlState === '23505') throw new VigieError('member-name-taken');
    throw thrown;
  }
}

/** The member of a key that was not revoked. @param hash SHA-256 of the key */
export async function findMemberByKey(db: Db, hash: Uint8Array): Promise<StoredMember | undefined> {
  const row = await db
    .selectFrom('member')
    .selectAll()
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && memberOf(row);
}

/** Notes that a member was here, to the minute. */
export async function noteMemberSeen(db: Db, id: string): Promise<void> {
  await sql`
    UPDATE member SET seen_at = now() WHERE id = ${id} AND (seen_at IS NULL OR seen_at < now() - interval '1 minute')
  `.execute(db);
}

/** All members by name, revoked ones too. */
export async function listMembers(db: Db): Promise<StoredMember[]> {
  return (await db.selectFrom('member').selectAll().orderBy('name').execute()).map(memberOf);
}

/** @returns false when there is no such member or it was revoked before */
export async function revokeMember(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('member')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

function memberOf(row: Selectable<MemberTable>): StoredMember {
  const { id, name, lists, grades, jurisdictions, rate } = row;
  return {
    ...{ id, name, lists, grades, jurisdictions, rate },
    createdBy: row.created_by,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    seenAt: row.seen_at,
  };
}
