import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { jsonb } from '../column-values.js';
import { randomId } from '../random-id.js';
import type { Db, PublicationTable, Tx } from '../schema.js';

/** Who gets what of a list. */
export interface PublicationTerms {
  /** What those agree to who take it, for people. */
  readonly terms: string;
  /** Why it is given away. */
  readonly reason: string;
  /** Of the entries that are given away; null for all. */
  readonly grades: readonly string[] | null;
  /** Of the members that get it, such as GB; null for all. */
  readonly jurisdictions: readonly string[] | null;
  /** Members that doubt an entry before it is put before a person. */
  readonly doubts: number;
}

export interface StoredPublication extends PublicationTerms {
  readonly listId: string;
  readonly epoch: string;
  readonly by: string;
  readonly since: Date;
  /** Changes of lists up to this one are in its log. */
  readonly appliedSeq: number;
  /** The segments whose entries the log was compared with last, in their order. */
  readonly segments: readonly string[];
  /** The newest number in its log. */
  readonly lastSeq: number;
  /** Who has read less of the log than this begins anew. */
  readonly floorSeq: number;
  /** What is not in the log has not changed since. */
  readonly floorAt: Date;
}

/** What is known of a list when its publication begins. */
interface Beginning {
  readonly appliedSeq: number;
  readonly segments: readonly string[];
}

/** Publishes a list, or changes the terms of one that is published. */
export async function putPublication(
  tx: Tx,
  listId: string,
  { terms, reason, grades, jurisdictions, doubts }: PublicationTerms,
  by: string,
  { appliedSeq, segments }: Beginning,
): Promise<StoredPublication> {
  const said = {
    ...{ terms, reason, doubts, switched_on_by: by },
    grades: grades === null ? null : jsonb(grades),
    jurisdictions: jurisdictions === null ? null : jsonb(jurisdictions),
  };
  const row = await tx
    .insertInto('publication')
    .values({ list_id: listId, epoch: randomId(), applied_seq: appliedSeq, segments: jsonb(segments), ...said })
    .onConflict((conflict) => conflict.column('list_id').doUpdateSet(said))
    .returningAll()
    .executeTakeFirstOrThrow();
  return publicationOf(row);
}

/** @returns false when it was not published */
export async function removePublication(tx: Tx, listId: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('publication').where('list_id', '=', listId).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export async function listPublications(db: Db): Promise<StoredPublication[]> {
  return (await db.selectFrom('publication').selectAll().orderBy('list_id').execute()).map(publicationOf);
}

export async function findPublication(db: Db, listId: string): Promise<StoredPublication | undefined> {
  const row = await db.selectFrom('publication').selectAll().where('list_id', '=', listId).executeTakeFirst();
  return row && publicationOf(row);
}

/** The row of a publication, which nobody else can change until the transaction ends; undefined when there is none any more. */
export async function lockPublication(tx: Tx, listId: string): Promise<StoredPublication | undefined> {
  const row = await tx
    .selectFrom('publication')
    .selectAll()
    .where('list_id', '=', listId)
    .forUpdate()
    .executeTakeFirst();
  return row && publicationOf(row);
}

/** Says how far the log has come. */
export async function advancePublication(tx: Tx, listId: string, { appliedSeq, segments }: Beginning): Promise<void> {
  await tx
    .updateTable('publication')
    .set({ applied_seq: appliedSeq, segments: jsonb(segments) })
    .where('list_id', '=', listId)
    .execute();
}

/** One entry that has changed: what it is now is for the list to say. */
export interface TouchedEntry {
  readonly id: string;
  readonly seq: number;
  readonly at: Date;
}

/**
 * Notes that entries have changed. Their numbers and times follow all earlier ones, in the order of commits, as the row
 * of the publication is locked.
 * @param ids each once
 */
export async function touchEntries(tx: Tx, listId: string, ids: readonly string[]): Promise<void> {
  const publication = await lockPublication(tx, listId);
  if (publication === undefined || ids.length === 0) return;
  const { lastSeq } = publication;
  await sql`
    INSERT INTO publication_change (list_id, entry_id, seq, at)
    SELECT ${listId}, id, ${lastSeq}::bigint + place, greatest(
      clock_timestamp(), (SELECT max(at) FROM publication_change WHERE list_id = ${listId}))
    FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) WITH ORDINALITY AS given(id, place)
    ON CONFLICT (list_id, entry_id) DO UPDATE SET seq = excluded.seq, at = excluded.at`.execute(tx);
  await tx
    .updateTable('publication')
    .set({ last_seq: lastSeq + ids.length })
    .where('list_id', '=', listId)
    .execute();
}

/** Gives the log up: too much has changed, and everybody begins anew. */
export async function restartPublication(tx: Tx, listId: string): Promise<void> {
  await tx.deleteFrom('publication_change').where('list_id', '=', listId).execute();
  await sql`
    UPDATE publication SET last_seq = last_seq + 1, floor_seq = last_seq + 1, floor_at = clock_timestamp()
    WHERE list_id = ${listId}`.execute(tx);
}

/** Forgets changes that are older than some days; who has not read them by now begins anew. */
export async function prunePublications(db: Db, days: number): Promise<void> {
  await sql`
    WITH old AS (
      DELETE FROM publication_change WHERE at < now() - ${days}::float8 * interval '1 day' RETURNING list_id, seq
    ), highest AS (SELECT list_id, max(seq) AS seq FROM old GROUP BY list_id)
    UPDATE publication SET floor_seq = greatest(floor_seq, highest.seq) FROM highest
    WHERE publication.list_id = highest.list_id`.execute(db);
}

/** The changes after a number, oldest first. */
export async function readTouched(db: Db, listId: string, after: number, limit: number): Promise<TouchedEntry[]> {
  const rows = await db
    .selectFrom('publication_change')
    .select(['entry_id', 'seq', 'at'])
    .where('list_id', '=', listId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ entry_id, seq, at }) => ({ id: entry_id, seq, at }));
}

/** The changes of a time, from its beginning to before its end, after a number, in the order of their numbers. */
export async function readTouchedBetween(
  db: Db,
  listId: string,
  {
    from,
    to,
    after,
    limit,
  }: { readonly from: Date; readonly to: Date; readonly after: number; readonly limit: number },
): Promise<TouchedEntry[]> {
  const rows = await db
    .selectFrom('publication_change')
    .select(['entry_id', 'seq', 'at'])
    .where('list_id', '=', listId)
    .where('at', '>=', from)
    .where('at', '<', to)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ entry_id, seq, at }) => ({ id: entry_id, seq, at }));
}

/** Those of some entries that are in the log. */
export async function findTouched(db: Db, listId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ entry_id: string }>`
    SELECT entry_id FROM publication_change WHERE list_id = ${listId}
      AND entry_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`.execute(db);
  return new Set(rows.map(({ entry_id }) => entry_id));
}

function publicationOf(row: Selectable<PublicationTable>): StoredPublication {
  const { terms, reason, grades, jurisdictions, doubts, epoch, segments } = row;
  return {
    ...{ terms, reason, grades, jurisdictions, doubts, epoch, segments },
    listId: row.list_id,
    by: row.switched_on_by,
    since: row.switched_on_at,
    appliedSeq: row.applied_seq,
    lastSeq: row.last_seq,
    floorSeq: row.floor_seq,
    floorAt: row.floor_at,
  };
}
