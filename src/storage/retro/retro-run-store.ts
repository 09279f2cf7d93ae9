import { sql } from 'kysely';
import { randomId } from '../random-id.js';
import type { Db, RetroCause, RetroState, Tx } from '../schema.js';

/** What came to a list between two versions, as one node tries it against what it has seen. */
export interface RetroRun {
  readonly id: string;
  readonly node: string;
  readonly listId: string;
  readonly list: string;
  readonly fromVersion: number | null;
  readonly toVersion: number;
  /** Entries that match again, which are tried beside what came. */
  readonly restored: readonly string[];
  readonly seq: number;
  readonly cause: RetroCause;
  readonly state: RetroState;
  readonly pass: string | null;
  readonly untilFile: string | null;
  readonly entries: number;
  readonly files: number;
  readonly filesDone: number;
  readonly records: number;
  readonly hashes: number;
  readonly finds: number;
  readonly damaged: number;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** How far a pass came with one file. */
export interface RetroProgress {
  readonly pass: string;
  readonly portion: number;
  readonly file: string;
  readonly records: number;
  readonly hashes: number;
  readonly damaged: number;
}

function select(db: Db) {
  return db
    .selectFrom('retro_run as run')
    .innerJoin('list', 'list.id', 'run.list_id')
    .select(sql<readonly string[]>`run.restored`.as('restored'))
    .select(['run.id', 'run.node', 'run.seq', 'run.cause', 'run.state', 'run.pass', 'run.entries', 'run.files'])
    .select(['run.records', 'run.hashes', 'run.finds', 'run.damaged', 'list.name as list'])
    .select(['run.list_id as listId', 'run.from_version as fromVersion', 'run.to_version as toVersion'])
    .select(['run.until_file as untilFile', 'run.files_done as filesDone', 'run.last_error as lastError'])
    .select(['run.created_at as createdAt', 'run.started_at as startedAt', 'run.finished_at as finishedAt']);
}

/**
 * Brings the runs of a node in step with the lists: a version that it has no run for gets one, from the version that its
 * last run ended with. A run that has not begun takes the newer version in, so that several changes are tried in one. On
 * the first day of a node, what lists hold then is taken as tried: nothing that was seen before says otherwise.
 * @param baseline true at the start of a process: false leaves a node alone that has none yet
 */
export async function reconcileRuns(tx: Tx, node: string, baseline: boolean): Promise<void> {
  const { rows: first } = await sql`
    INSERT INTO retro_node (node) SELECT ${node} WHERE ${baseline} ON CONFLICT DO NOTHING RETURNING node`.execute(tx);
  // What is seen of texts is not kept: lists of words have nothing to be tried against, and one must not hold up the rest.
  await sql`
    UPDATE retro_run SET state = 'stopped', finished_at = now() FROM list
    WHERE list.id = list_id AND list.content <> 'media' AND state IN ('waiting', 'running')`.execute(tx);
  const { rows: behind } = await sql<{ list: string; version: number; seq: number; before: number | null }>`
    SELECT list.id AS list, list.current_version AS version, last.to_version AS before,
      (SELECT coalesce(max(seq), 0) FROM list_change WHERE list_id = list.id AND kind = 'version') AS seq
    FROM list LEFT JOIN LATERAL (
      SELECT to_version FROM retro_run WHERE node = ${node} AND list_id = list.id
      ORDER BY created_at DESC, id LIMIT 1
    ) AS last ON true
    WHERE content = 'media' AND current_version IS NOT NULL
      AND last.to_version IS DISTINCT FROM current_version`.execute(tx);
  for (const { list, version, seq, before } of behind) {
    const state = first.length > 0 ? 'done' : 'waiting';
    await sql`
      INSERT INTO retro_run (id, node, list_id, from_version, to_version, seq, cause, state, finished_at, created_at)
      VALUES (${randomId()}, ${node}, ${list}, ${before}, ${version}, ${seq}, ${first.length > 0 ? 'baseline' : 'published'},
        ${state}, CASE WHEN ${state} = 'done' THEN now() END, clock_timestamp())
      ON CONFLICT (node, list_id) WHERE state = 'waiting' DO UPDATE SET
        to_version = excluded.to_version, seq = greatest(retro_run.seq, excluded.seq)`.execute(tx);
  }
}

/**
 * Asks every node that has joined to try all entries of a list against all that it has seen. What waits for the list
 * becomes a part of it.
 * @returns how many nodes were asked
 */
export async function askForRuns(tx: Tx, listId: string): Promise<number> {
  const { numAffectedRows } = await sql`
    INSERT INTO retro_run (id, node, list_id, from_version, to_version, seq, cause, state, created_at)
    SELECT translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_'), node, list.id, NULL, current_version,
      (SELECT coalesce(max(seq), 0) FROM list_change), 'asked', 'waiting', clock_timestamp()
    FROM retro_node, list WHERE list.id = ${listId} AND content = 'media' AND current_version IS NOT NULL
    ON CONFLICT (node, list_id) WHERE state = 'waiting' DO UPDATE SET
      from_version = NULL, to_version = excluded.to_version, seq = excluded.seq`.execute(tx);
  return Number(numAffectedRows ?? 0);
}

/** Ids that wait with a run; of more, the whole list is tried again. */
const MOST_RESTORED = 10_000;

/**
 * Has every node that has joined try entries that match again against all that it has seen, together with what it has not
 * tried of their list.
 * @param seq the change by which they match again
 */
export async function askForRestored(
  tx: Tx,
  { listId, entryIds, seq }: { readonly listId: string; readonly entryIds: readonly string[]; readonly seq: number },
): Promise<void> {
  const all = entryIds.length > MOST_RESTORED;
  const restored = JSON.stringify(all ? [] : entryIds);
  await sql`
    INSERT INTO retro_run (id, node, list_id, from_version, to_version, restored, seq, cause, state, created_at)
    SELECT translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_'), node.node, list.id,
      CASE WHEN ${all} THEN NULL ELSE last.to_version END, current_version, ${restored}::jsonb, ${seq}, 'restored',
      'waiting', clock_timestamp()
    FROM list CROSS JOIN retro_node AS node LEFT JOIN LATERAL (
      SELECT to_version FROM retro_run WHERE node = node.node AND list_id = list.id ORDER BY created_at DESC, id LIMIT 1
    ) AS last ON true
    WHERE list.id = ${listId} AND current_version IS NOT NULL AND content = 'media'
    ON CONFLICT (node, list_id) WHERE state = 'waiting' DO UPDATE SET
      from_version = CASE WHEN ${all} OR jsonb_array_length(retro_run.restored) + ${entryIds.length} > ${MOST_RESTORED}
        THEN NULL ELSE retro_run.from_version END,
      restored = CASE WHEN jsonb_array_length(retro_run.restored) + ${entryIds.length} > ${MOST_RESTORED}
        THEN '[]' ELSE retro_run.restored || excluded.restored END,
      to_version = excluded.to_version, seq = greatest(retro_run.seq, excluded.seq)`.execute(tx);
}

/** Ends the runs of a list that wait or are under way, on every node. @returns how many */
export async function stopRuns(tx: Tx, listId: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('retro_run')
    .set({ state: 'stopped', finished_at: sql<Date>`now()` })
    .where('list_id', '=', listId)
    .where('state', 'in', ['waiting', 'running'])
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** The runs of a node that wait or are under way, oldest first. */
export async function openRuns(db: Db, node: string): Promise<RetroRun[]> {
  return await select(db)
    .where('run.node', '=', node)
    .where('run.state', 'in', ['waiting', 'running'])
    .orderBy('run.created_at')
    .orderBy('run.id')
    .execute();
}

/** Runs of all nodes, newest first. */
export async function listRuns(db: Db, limit: number, list?: string): Promise<RetroRun[]> {
  return await select(db)
    .where('run.cause', '<>', 'baseline')
    .$if(list !== undefined, (query) => query.where('list.name', '=', list ?? ''))
    .orderBy('run.created_at', 'desc')
    .orderBy('run.id')
    .limit(limit)
    .execute();
}

/** Begins a pass of some waiting runs; those that were stopped meanwhile are left out. @returns the ids of those in it */
export async function beginPass(
  tx: Tx,
  { ids, pass, until, files }: { ids: readonly string[]; pass: string; until: string; files: number },
): Promise<string[]> {
  const rows = await tx
    .updateTable('retro_run')
    .set({ state: 'running', pass, until_file: until, files, files_done: 0, started_at: sql<Date>`now()` })
    .where('id', 'in', [...ids])
    .where('state', '=', 'waiting')
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** What is known of an entry count, once the new entries were read. */
export async function noteEntries(db: Db, counts: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, entries] of counts) await db.updateTable('retro_run').set({ entries }).where('id', '=', id).execute();
}

/** Files that a pass is done with. */
export async function filesDone(db: Db, pass: string, portion: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('retro_file')
    .select('file')
    .where('pass', '=', pass)
    .where('portion', '=', portion)
    .execute();
  return new Set(rows.map(({ file }) => file));
}

/** The portion that a pass was at last. */
export async function portionOf(db: Db, pass: string): Promise<number> {
  const row = await db
    .selectFrom('retro_file')
    .select((eb) => eb.fn.max('portion').as('portion'))
    .where('pass', '=', pass)
    .executeTakeFirst();
  return row?.portion ?? 0;
}

/** Notes that a file is done with, in the transaction that writes its last finds. @returns false when it was before */
export async function noteFile(tx: Tx, { pass, portion, file, records, hashes, damaged }: RetroProgress) {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('retro_file')
    .values({ pass, portion, file })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (!numInsertedOrUpdatedRows) return false;
  await sql`
    UPDATE retro_run SET records = records + ${records}, hashes = hashes + ${hashes}, damaged = damaged + ${damaged},
      files_done = (SELECT count(*) FROM retro_file WHERE pass = ${pass} AND portion = ${portion})
    WHERE pass = ${pass} AND state = 'running'`.execute(tx);
  return true;
}

/** The runs of a pass that nobody has stopped. */
export async function stillRunning(db: Db, pass: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('retro_run')
    .select('id')
    .where('pass', '=', pass)
    .where('state', '=', 'running')
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Ends a pass: its runs are done. */
export async function endPass(tx: Tx, pass: string): Promise<void> {
  await tx
    .updateTable('retro_run')
    .set({ state: 'done', finished_at: sql<Date>`now()`, last_error: null })
    .where('pass', '=', pass)
    .where('state', '=', 'running')
    .execute();
  await tx.deleteFrom('retro_file').where('pass', '=', pass).execute();
}

/**
 * Gives a pass up, so that its runs begin anew with the versions that are current then. A run of which a newer one
 * waits is joined with that.
 */
export async function giveUpPass(tx: Tx, pass: string, error: string): Promise<void> {
  // The newer one begins where the older one began.
  await sql`
    UPDATE retro_run AS newer SET from_version = older.from_version, restored = older.restored || newer.restored,
      last_error = ${error}
    FROM retro_run AS older WHERE older.pass = ${pass} AND older.state = 'running'
      AND newer.node = older.node AND newer.list_id = older.list_id AND newer.state = 'waiting'`.execute(tx);
  await sql`
    UPDATE retro_run AS run SET finished_at = now(), last_error = ${error}, state = 'stopped'
    WHERE pass = ${pass} AND state = 'running' AND EXISTS (SELECT FROM retro_run AS newer
      WHERE newer.node = run.node AND newer.list_id = run.list_id AND newer.state = 'waiting')`.execute(tx);
  await sql`
    UPDATE retro_run SET state = 'waiting', pass = NULL, until_file = NULL, last_error = ${error},
      to_version = coalesce((SELECT current_version FROM list WHERE id = list_id), to_version),
      seq = greatest(seq,
        (SELECT max(seq) FROM list_change WHERE list_id = retro_run.list_id AND kind = 'version'))
    WHERE pass = ${pass} AND state = 'running'`.execute(tx);
  await tx.deleteFrom('retro_file').where('pass', '=', pass).execute();
}

/** The segments of a version in their order; empty when they were let go. */
export async function versionSegments(db: Db, listId: string, version: number): Promise<string[]> {
  const rows = await db
    .selectFrom('version_segment')
    .select('segment_id')
    .where('list_id', '=', listId)
    .where('version', '=', version)
    .orderBy('ordinal')
    .execute();
  return rows.map(({ segment_id }) => segment_id);
}
