import { sql } from 'kysely';
import { appendListChange } from './list-change-log.js';
import { lockList } from './list-store.js';
import { askForRestored } from './retro/retro-run-store.js';
import type { Db, EntryStatusName, EntryStatusOrigin, EntryStatusRow, Tx } from './schema.js';

/** Entries named by one row of the change log. */
const AT_ONCE = 10_000;

/** Which entries of which list one origin says something of. */
export interface EntryStatusScope {
  readonly listId: string;
  readonly entryIds: readonly string[];
  readonly origin: EntryStatusOrigin;
}

export interface EntryStatusChange extends EntryStatusScope {
  readonly status: EntryStatusName;
  readonly reason: string | null;
  /** Id of the principal. */
  readonly changedBy: string | null;
}

/** Only these two keep an entry from matching: a dispute is a question, and until it is answered the list stands. */
export function matches(status: EntryStatusName): boolean {
  return status !== 'withdrawn' && status !== 'inactive';
}

/**
 * Sets what one origin says of entries, whether or not it said something before; what the others say stands. That they
 * exist is the caller's to know: entries live in segments.
 * @returns the sequence number of the (last) change; every process has taken it in once it has applied that
 * @throws VigieError `list-not-found`
 */
export async function setEntryStatus(tx: Tx, change: EntryStatusChange): Promise<number> {
  const { listId, status, reason, changedBy, origin } = change;
  await lockList(tx, listId);
  const entryIds = [...new Set(change.entryIds)];
  const before = matches(status) ? await silencedAmong(tx, listId, entryIds) : new Set<string>();
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    await sql`
      INSERT INTO entry_status (list_id, entry_id, origin, status, reason, changed_by)
      SELECT ${listId}, id, ${origin}, ${status}, ${reason}, ${changedBy}
      FROM jsonb_array_elements_text(${entries}::jsonb) AS id
      ON CONFLICT (list_id, entry_id, origin) DO UPDATE SET
        status = excluded.status, reason = excluded.reason, changed_by = excluded.changed_by, changed_at = now()
    `.execute(tx);
  }
  return await log(tx, { listId, origin, entryIds }, status, before);
}

/**
 * Takes back what one origin says of entries. Those of which it says nothing are left alone.
 * @returns those of which something was said
 * @throws VigieError `list-not-found`
 */
export async function clearEntryStatus(
  tx: Tx,
  { listId, entryIds, origin }: EntryStatusScope,
): Promise<readonly string[]> {
  await lockList(tx, listId);
  const cleared: string[] = [];
  const before = new Set<string>();
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    const { rows } = await sql<{ entry_id: string; status: EntryStatusName }>`
      DELETE FROM entry_status WHERE list_id = ${listId} AND origin = ${origin}
        AND entry_id IN (SELECT jsonb_array_elements_text(${entries}::jsonb)) RETURNING entry_id, status`.execute(tx);
    for (const { entry_id, status } of rows) {
      cleared.push(entry_id);
      if (!matches(status)) before.add(entry_id);
    }
  }
  if (cleared.length > 0) await log(tx, { listId, origin, entryIds: cleared }, null, before);
  return cleared;
}

/**
 * Writes down what follows from what all origins say: whoever reads the log needs nothing else. What matches again is
 * tried against what was seen meanwhile.
 * @param before those that did not match
 */
async function log(
  tx: Tx,
  { listId, origin, entryIds }: EntryStatusScope,
  status: EntryStatusName | null,
  before: ReadonlySet<string>,
): Promise<number> {
  let seq = 0;
  const again: string[] = [];
  for (let from = 0; from < entryIds.length || seq === 0; from += AT_ONCE) {
    const entries = entryIds.slice(from, from + AT_ONCE);
    const quiet = await silenceOf(tx, listId, entries);
    const silent = entries.filter((id) => quiet.has(id));
    const exact = silent.filter((id) => quiet.get(id) === 'near');
    const live = entries.filter((id) => !quiet.has(id));
    const payload = { origin, status, silent, live, ...(exact.length > 0 && { exact }) };
    seq = await appendListChange(tx, { kind: 'entry', listId, payload });
    for (const id of live) if (before.has(id)) again.push(id);
  }
  if (again.length > 0) await askForRestored(tx, { listId, entryIds: again, seq });
  return seq;
}

/** Which of some entries must not match, as at least one origin says so, or the one that is named. */
export async function silencedAmong(
  db: Db,
  listId: string,
  entryIds: readonly string[],
  origin?: EntryStatusOrigin,
): Promise<ReadonlySet<string>> {
  const silent = new Set<string>();
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    const { rows } = await sql<{ entry_id: string }>`
      SELECT DISTINCT entry_id FROM entry_status WHERE list_id = ${listId} AND status IN ('withdrawn', 'inactive')
        AND (${origin ?? null}::text IS NULL OR origin = ${origin ?? null})
        AND entry_id IN (SELECT jsonb_array_elements_text(${entries}::jsonb))`.execute(db);
    for (const { entry_id } of rows) silent.add(entry_id);
  }
  return silent;
}

/** Which of some entries must not match, and of which of these only what is near them must not: they are quarantined alone. */
export async function silenceOf(
  db: Db,
  listId: string,
  entryIds: readonly string[],
): Promise<ReadonlyMap<string, 'whole' | 'near'>> {
  const silent = new Map<string, 'whole' | 'near'>();
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    const { rows } = await sql<{ entry_id: string; near: boolean }>`
      SELECT entry_id, bool_and(origin = 'quarantine') AS near FROM entry_status
      WHERE list_id = ${listId} AND status IN ('withdrawn', 'inactive')
        AND entry_id IN (SELECT jsonb_array_elements_text(${entries}::jsonb)) GROUP BY entry_id`.execute(db);
    for (const { entry_id, near } of rows) silent.set(entry_id, near ? 'near' : 'whole');
  }
  return silent;
}

/** Of which of some entries an origin says anything. */
export async function saidAmong(
  db: Db,
  listId: string,
  entryIds: readonly string[],
  origin: EntryStatusOrigin,
): Promise<ReadonlySet<string>> {
  const said = new Set<string>();
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    const { rows } = await sql<{ entry_id: string }>`
      SELECT entry_id FROM entry_status WHERE list_id = ${listId} AND origin = ${origin}
        AND entry_id IN (SELECT jsonb_array_elements_text(${entries}::jsonb))`.execute(db);
    for (const { entry_id } of rows) said.add(entry_id);
  }
  return said;
}

/** A page of the entries of a list that must not match, by entry id. Begin with the empty text. */
export async function readSilenced(db: Db, listId: string, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('entry_status')
    .select('entry_id')
    .distinct()
    .where('list_id', '=', listId)
    .where('entry_id', '>', after)
    .where('status', 'in', ['withdrawn', 'inactive'])
    .orderBy('entry_id')
    .limit(limit)
    .execute();
  return rows.map(({ entry_id }) => entry_id);
}

/** What all origins say of some entries; those of which none says anything are left out. */
export async function findEntryStatuses(
  db: Db,
  listId: string,
  entryIds: readonly string[],
): Promise<EntryStatusRow[]> {
  if (entryIds.length === 0) return [];
  return await db
    .selectFrom('entry_status')
    .selectAll()
    .where('list_id', '=', listId)
    .where('entry_id', 'in', [...entryIds])
    .orderBy('entry_id')
    .orderBy('origin')
    .execute();
}

export interface EntryStatusFilter {
  readonly listId?: string | undefined;
  readonly origin?: EntryStatusOrigin | undefined;
  readonly status?: EntryStatusName | undefined;
  readonly limit: number;
}

/** What was said of entries last, with the names of their lists. A source says so much that it has to be asked for. */
export async function listEntryStatuses(
  db: Db,
  { listId, origin, status, limit }: EntryStatusFilter,
): Promise<(EntryStatusRow & { readonly list: string })[]> {
  return await db
    .selectFrom('entry_status')
    .innerJoin('list', 'list.id', 'entry_status.list_id')
    .selectAll('entry_status')
    .select('list.name as list')
    .where('origin', origin === undefined ? '<>' : '=', origin ?? 'source')
    .$if(listId !== undefined, (query) => query.where('list_id', '=', listId ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'active'))
    .orderBy('changed_at', 'desc')
    .orderBy('entry_id')
    .limit(limit)
    .execute();
}
