import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import { lockList } from './list-store.js';
import type { ManifestSegment } from './list-version-store.js';
import { randomId } from './random-id.js';
import type { Db, ImportRunRow, ImportState, Tx } from './schema.js';

export interface ImportRun {
  readonly id: string;
  readonly listId: string;
  /** The version that it will publish. */
  readonly version: number;
  readonly sourceName: string | null;
  /** Tells whether a file is the one that an interrupted import began with. */
  readonly fingerprint: string | null;
  readonly state: ImportState;
  readonly startedAt: Date;
  /** Milliseconds since its last sign of life, by the database's clock. */
  readonly silentMs: number;
  /** The node that writes it or wrote it last, a slash and a random word. */
  readonly holder: string | null;
  readonly progress: ImportProgress;
}

/** How far an import has come, and what it needs to go on from there. */
export interface ImportProgress {
  readonly checkpoint: unknown;
  /** Segments in the blob store that no version has yet. */
  readonly staged: readonly ManifestSegment[];
  readonly counts: unknown;
}

/**
 * Begins an import and gives it the number of its version.
 * @throws VigieError `list-not-found`, `import-in-progress` when one is running or was interrupted: see `runningImport`
 */
export async function startImport(
  tx: Tx,
  listId: string,
  source: { readonly name: string | null; readonly fingerprint: string | null; readonly holder?: string },
): Promise<ImportRun> {
  await lockList(tx, listId);
  if ((await runningImport(tx, listId)) !== undefined) throw new VigieError('import-in-progress');
  const row = await tx
    .insertInto('import_run')
    .values({
      id: randomId(),
      list_id: listId,
      version: sql<number>`1 + greatest(
        (SELECT coalesce(max(version), 0) FROM list_version WHERE list_id = ${listId}),
        (SELECT coalesce(max(version), 0) FROM import_run WHERE list_id = ${listId}))`,
      source_name: source.name,
      source_fingerprint: source.fingerprint,
      state: 'running',
      holder: source.holder ?? null,
      staged: jsonb<unknown>([]),
      counts: jsonb<unknown>({}),
    })
    .returningAll()
    .returning(silentMs.as('silent_ms'))
    .executeTakeFirstOrThrow();
  return runOf(row);
}

/** The import of a list that has not ended: it runs, or its process is gone and it can be resumed or abandoned. */
export async function runningImport(db: Db, listId: string): Promise<ImportRun | undefined> {
  const row = await db
    .selectFrom('import_run')
    .selectAll()
    .select(silentMs.as('silent_ms'))
    .where('list_id', '=', listId)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return row && runOf(row);
}

/** All imports that have not ended. */
export async function runningImports(db: Db): Promise<ImportRun[]> {
  const rows = await db
    .selectFrom('import_run')
    .selectAll()
    .select(silentMs.as('silent_ms'))
    .where('state', '=', 'running')
    .execute();
  return rows.map(runOf);
}

/** @throws VigieError `import-aborted` when it was ended meanwhile */
export async function saveProgress(db: Db, id: string, progress: ImportProgress): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('import_run')
    .set({
      checkpoint: jsonb(progress.checkpoint ?? null),
      staged: jsonb<unknown>(progress.staged),
      counts: jsonb(progress.counts),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new VigieError('import-aborted');
}

/** Takes an interrupted import over from whoever wrote it. @returns false when somebody else was quicker */
export async function takeOverImport(db: Db, run: ImportRun, holder: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('import_run')
    .set({ holder, updated_at: sql<Date>`now()` })
    .where('id', '=', run.id)
    .where('state', '=', 'running')
    .where('holder', 'is not distinct from', run.holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Says that an import lives, or with `silentMs` that it has been silent for so long. Does nothing once another holds it. */
export async function signImport(db: Db, id: string, holder: string, silent = 0): Promise<void> {
  await db
    .updateTable('import_run')
    .set({ updated_at: sql<Date>`now() - ${silent}::float8 * interval '1 millisecond'` })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('holder', '=', holder)
    .execute();
}

/** Ends an import that did not publish; its staged segments become orphans. Does nothing to one that has ended. */
export async function endImport(db: Db, id: string, state: 'failed' | 'abandoned'): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('import_run')
    .set({ state, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** The imports of a list, newest first. */
export async function listImports(db: Db, listId: string, limit: number): Promise<ImportRun[]> {
  const rows = await db
    .selectFrom('import_run')
    .selectAll()
    .select(silentMs.as('silent_ms'))
    .where('list_id', '=', listId)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
  return rows.map(runOf);
}

const silentMs = sql<number>`(extract(epoch FROM now() - updated_at) * 1000)::float8`;

function runOf(row: ImportRunRow & { readonly silent_ms: number }): ImportRun {
  return {
    id: row.id,
    listId: row.list_id,
    version: row.version,
    sourceName: row.source_name,
    fingerprint: row.source_fingerprint,
    state: row.state,
    startedAt: row.started_at,
    silentMs: row.silent_ms,
    holder: row.holder,
    // Only saveProgress writes these columns.
    progress: { checkpoint: row.checkpoint, staged: row.staged as ManifestSegment[], counts: row.counts },
  };
}
