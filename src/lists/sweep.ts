import { sql } from 'kysely';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import { endImport, type ImportRun, runningImports } from '../storage/import-run-store.js';
import { orphanSegments } from '../storage/list-version-store.js';

/** A blob younger than this may belong to an import that has not written it down yet, or be read by another node. */
const HOUR = 3_600_000;
/** An interrupted import that nobody has gone on with for so long is given up. */
const DAY = 24 * HOUR;
const PAGE = 1000;

/** Removes blobs that no version and no import needs. @returns how many */
export async function sweep(
  database: Database,
  blobs: BlobStore,
  holds: (run: ImportRun) => boolean,
  {
    olderThanMs = HOUR,
    abandonAfterMs = DAY,
  }: { readonly olderThanMs?: number; readonly abandonAfterMs?: number } = {},
): Promise<number> {
  // Not by the clock of this process: one that jumps ahead would sweep what is just being written.
  const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(database.db);
  const now = rows[0]?.now.getTime() ?? Number.NaN;
  for (const run of await runningImports(database.db)) {
    if (!holds(run) && run.silentMs >= abandonAfterMs) {
      await endImport(database.db, run.id, 'abandoned');
    }
  }
  let removed = 0;
  let page: string[] = [];
  const clear = async () => {
    for (const id of await orphanSegments(database.db, page)) {
      await blobs.delete(id);
      removed++;
    }
    page = [];
  };
  for await (const { id, modified } of blobs.list()) {
    if (now - modified.getTime() < olderThanMs) continue;
    page.push(id);
    if (page.length === PAGE) await clear();
  }
  await clear();
  return removed;
}
