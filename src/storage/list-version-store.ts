import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import { appendListChange } from './list-change-log.js';
import { lockList } from './list-store.js';
import type { Db, Tx, VersionState } from './schema.js';

/** A segment file as the manifest knows it. */
export interface ManifestSegment {
  /** Content address in the blob store. */
  readonly id: string;
  readonly bytes: number;
  readonly entries: number;
  readonly summary: unknown;
}

export interface NewVersion {
  readonly version: number;
  readonly sourceName: string | null;
  readonly format: string | null;
  readonly entries: number;
  readonly report: unknown;
  /** In the order in which they count: a later one supersedes entries of an earlier one. */
  readonly segments: readonly ManifestSegment[];
  /** The import that made it; it is done with this. */
  readonly importRun?: string;
  /** Up to where the source of the list has told; as with the version before when left out. */
  readonly checkpoint?: { readonly value: unknown } | undefined;
}

export interface StoredVersion extends Omit<NewVersion, 'segments' | 'importRun' | 'checkpoint'> {
  readonly listId: string;
  readonly state: VersionState;
  readonly createdAt: Date;
}

/** The current version of one list with its segments: what a process has to load. */
export interface Manifest {
  readonly listId: string;
  readonly version: number;
  readonly segments: readonly ManifestSegment[];
}

/** Versions whose rows stay as history after their segments were let go. */
const HISTORY = 1_000;

/**
 * Makes a version the current one: one short transaction, after all its segments were committed to the blob store.
 * The former current version is kept.
 * @returns the sequence number of the change
 * @throws VigieError `list-not-found`, `import-in-progress` when that version or a later one is there already,
 *   `import-aborted` when its import run was ended meanwhile
 */
export async function publishVersion(tx: Tx, listId: string, next: NewVersion): Promise<number> {
  const list = await lockList(tx, listId);
  if (next.version <= (await newestVersion(tx, listId))) {
    throw new VigieError('import-in-progress', { detail: `version ${next.version} is there already` });
  }
  await setCurrentState(tx, listId, 'kept');
  await tx
    .insertInto('list_version')
    .values({
      list_id: listId,
      version: next.version,
      state: 'current',
      source_name: next.sourceName,
      format: next.format,
      entries: next.entries,
      report: jsonb(next.report),
      checkpoint:
        next.checkpoint === undefined
          ? sql<unknown>`(SELECT checkpoint FROM list_version WHERE list_id = ${listId} AND version = ${list.currentVersion})`
          : jsonb(next.checkpoint.value ?? null),
    })
    .execute();
  await insertSegments(tx, listId, next);
  await tx.updateTable('list').set({ current_version: next.version }).where('id', '=', listId).execute();
  if (next.importRun !== undefined) await finishImport(tx, next.importRun);
  const previous = list.currentVersion;
  return await appendListChange(tx, { kind: 'version', listId, payload: { version: next.version, previous } });
}

/**
 * Makes a kept version the current one again.
 * @throws VigieError `list-version-not-found` when it is not kept
 */
export async function rollBackTo(tx: Tx, listId: string, version: number): Promise<number> {
  const { currentVersion: previous } = await lockList(tx, listId);
  const payload = { version, previous };
  if (version !== previous) {
    const found = await tx
      .selectFrom('list_version')
      .select('state')
      .where('list_id', '=', listId)
      .where('version', '=', version)
      .executeTakeFirst();
    if (found?.state !== 'kept') throw new VigieError('list-version-not-found', { detail: `version ${version}` });
    await setCurrentState(tx, listId, 'kept');
    await tx
      .updateTable('list_version')
      .set({ state: 'current' })
      .where('list_id', '=', listId)
      .where('version', '=', version)
      .execute();
    await tx.updateTable('list').set({ current_version: version }).where('id', '=', listId).execute();
    await rewindSource(tx, listId, version);
  }
  return await appendListChange(tx, { kind: 'version', listId, payload });
}

/** The source goes on from where it was when the version was made. A sync that is under way cannot commit any more. */
async function rewindSource(tx: Tx, listId: string, version: number): Promise<void> {
  await sql`
    UPDATE source SET leased_by = NULL, leased_until = NULL, held = NULL, removals = NULL, checkpoint =
      (SELECT checkpoint FROM list_version WHERE list_id = ${listId} AND version = ${version})
    WHERE list_id = ${listId}`.execute(tx);
}

/**
 * Lets go of the segments of all kept versions but the newest `keep`. Their rows stay, as history.
 * @returns the versions that were retired
 */
export async function retireVersions(tx: Tx, listId: string, keep: number): Promise<number[]> {
  await lockList(tx, listId);
  const beyond = await tx
    .selectFrom('list_version')
    .select('version')
    .where('list_id', '=', listId)
    .where('state', '=', 'kept')
    .orderBy('version', 'desc')
    .offset(keep)
    .execute();
  const versions = beyond.map(({ version }) => version);
  if (versions.length === 0) return [];
  await forgetHistory(tx, listId, Math.max(...versions) - HISTORY);
  await tx
    .updateTable('list_version')
    .set({ state: 'retired' })
    .where('list_id', '=', listId)
    .where('version', 'in', versions)
    .execute();
  await tx.deleteFrom('version_segment').where('list_id', '=', listId).where('version', 'in', versions).execute();
  return versions;
}

/** A list that changes each second would have as many versions in its history as there are seconds. */
async function forgetHistory(tx: Tx, listId: string, upTo: number): Promise<void> {
  for (const table of ['list_version', 'import_run'] as const) {
    const ended = table === 'list_version' ? sql`state = 'retired'` : sql`state <> 'running'`;
    await sql`DELETE FROM ${sql.table(table)} WHERE list_id = ${listId} AND version < ${upTo} AND ${ended}`.execute(tx);
  }
}

/** The versions of a list, newest first: all of which something is known, or so many. */
export async function listVersions(db: Db, listId: string, limit?: number): Promise<StoredVersion[]> {
  const rows = await db
    .selectFrom('list_version')
    .selectAll()
    .where('list_id', '=', listId)
    .orderBy('version', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute();
  return rows.map((row) => ({
    listId: row.list_id,
    version: row.version,
    state: row.state,
    sourceName: row.source_name,
    format: row.format,
    entries: row.entries,
    report: row.report,
    createdAt: row.created_at,
  }));
}

/** What has to be loaded: the current version of every list, or of one. Lists without a version are left out. */
export async function currentManifests(db: Db, listId?: string): Promise<Manifest[]> {
  const rows = await db
    .selectFrom('list_version as version')
    .leftJoin('version_segment as part', (join) =>
      join.onRef('part.list_id', '=', 'version.list_id').onRef('part.version', '=', 'version.version'),
    )
    .leftJoin('segment', 'segment.id', 'part.segment_id')
    .select(['version.list_id', 'version.version', 'segment.id', 'segment.bytes', 'segment.entries', 'segment.summary'])
    .where('version.state', '=', 'current')
    .$if(listId !== undefined, (query) => query.where('version.list_id', '=', listId ?? ''))
    .orderBy('version.list_id')
    .orderBy('part.ordinal')
    .execute();
  const manifests = new Map<string, Manifest & { segments: ManifestSegment[] }>();
  for (const { list_id, version, id, bytes, entries, summary } of rows) {
    const manifest = manifests.get(list_id) ?? { listId: list_id, version, segments: [] };
    manifests.set(list_id, manifest);
    if (id !== null) manifest.segments.push({ id, bytes: bytes ?? 0, entries: entries ?? 0, summary });
  }
  return [...manifests.values()];
}

/** The segments of one version. @throws VigieError `list-version-not-found` when it is not kept */
export async function versionSegments(db: Db, listId: string, version: number): Promise<ManifestSegment[]> {
  const found = await db
    .selectFrom('list_version')
    .select('state')
    .where('list_id', '=', listId)
    .where('version', '=', version)
    .executeTakeFirst();
  if (found === undefined || found.state === 'retired') {
    throw new VigieError('list-version-not-found', { detail: `version ${version}` });
  }
  return await db
    .selectFrom('version_segment as part')
    .innerJoin('segment', 'segment.id', 'part.segment_id')
    .select(['segment.id', 'segment.bytes', 'segment.entries', 'segment.summary'])
    .where('part.list_id', '=', listId)
    .where('part.version', '=', version)
    .orderBy('part.ordinal')
    .execute();
}

/**
 * Forgets the segments that no version needs any more.
 * @returns their ids; delete the blobs after the commit
 */
export async function forgetUnusedSegments(tx: Tx): Promise<string[]> {
  const rows = await tx
    .deleteFrom('segment')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('version_segment').select('ordinal').whereRef('segment_id', '=', 'segment.id'))),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Of the blobs that were found in the store, those that no version and no running import needs. A blob that was
 * committed a moment ago may not be written down yet: give only such as are older than an hour.
 */
export async function orphanSegments(db: Db, known: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT known.id FROM jsonb_array_elements_text(${JSON.stringify(known)}::jsonb) AS known(id)
    WHERE NOT EXISTS (SELECT FROM version_segment WHERE segment_id = known.id)
      AND NOT EXISTS (
        SELECT FROM import_run, jsonb_array_elements(staged) AS part
        WHERE state = 'running' AND part ->> 'id' = known.id
      )`.execute(db);
  return rows.map(({ id }) => id);
}

async function newestVersion(tx: Tx, listId: string): Promise<number> {
  const { newest } = await tx
    .selectFrom('list_version')
    .select((eb) => eb.fn.max('version').as('newest'))
    .where('list_id', '=', listId)
    .executeTakeFirstOrThrow();
  return newest ?? 0;
}

async function setCurrentState(tx: Tx, listId: string, state: VersionState): Promise<void> {
  await tx
    .updateTable('list_version')
    .set({ state })
    .where('list_id', '=', listId)
    .where('state', '=', 'current')
    .execute();
}

async function insertSegments(tx: Tx, listId: string, { version, segments }: NewVersion): Promise<void> {
  if (segments.length === 0) return;
  await tx
    .insertInto('segment')
    .values(
      segments.map(({ id, bytes, entries, summary }) => ({
        id,
        list_id: listId,
        bytes,
        entries,
        summary: jsonb(summary),
      })),
    )
    // A version may go on using segments of the one before.
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  await tx
    .insertInto('version_segment')
    .values(segments.map(({ id }, ordinal) => ({ list_id: listId, version, segment_id: id, ordinal })))
    .execute();
}

async function finishImport(tx: Tx, id: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('import_run')
    .set({ state: 'done', updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new VigieError('import-aborted');
}
