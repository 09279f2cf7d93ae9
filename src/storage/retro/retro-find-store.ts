import { sql } from 'kysely';
import { jsonb } from '../column-values.js';
import type { Db, RetroOutcome, Tx } from '../schema.js';

/** A find as it is written down. */
export interface NewFind {
  readonly id: string;
  /** 32 bytes that are the same for the same find. */
  readonly key: Uint8Array;
  readonly runId: string;
  readonly listId: string;
  readonly version: number;
  readonly entry: string;
  readonly item: string | null;
  readonly medium: number | null;
  readonly reference: Uint8Array | null;
  readonly subject: string;
  readonly detail: unknown;
  readonly sealed: Uint8Array;
  readonly outcome: RetroOutcome;
  readonly seenAt: Date;
}

export interface StoredFind extends Omit<NewFind, 'key'> {
  readonly list: string;
  readonly foundAt: Date;
  readonly platform: string | null;
  readonly platformId: string | null;
}

/** Which finds can be asked for. */
export interface FindFilter {
  readonly list?: string | undefined;
  readonly item?: string | undefined;
  readonly reference?: Uint8Array | undefined;
  readonly outcome?: RetroOutcome | undefined;
  readonly limit: number;
}

/** Of some finds, by key, those that are there already. */
export async function knownFinds(db: Db, keys: readonly Uint8Array[]): Promise<Set<string>> {
  const rows = await db
    .selectFrom('retro_find')
    .select('key')
    .where('key', 'in', [...keys])
    .execute();
  return new Set(rows.map(({ key }) => Buffer.from(key).toString('base64')));
}

/** How often each entry of a list was found before. */
export async function countsByEntry(db: Db, listId: string, entries: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('retro_find')
    .select(['entry_id', sql<number>`count(*)`.as('n')])
    .where('list_id', '=', listId)
    .where('entry_id', 'in', [...new Set(entries)])
    .groupBy('entry_id')
    .execute();
  return new Map(rows.map(({ entry_id, n }) => [entry_id, Number(n)]));
}

/** @returns false when the same find was written down by somebody else meanwhile */
export async function insertFind(tx: Tx, find: NewFind): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('retro_find')
    .values({
      ...{ id: find.id, key: find.key, run_id: find.runId, list_id: find.listId, version: find.version },
      ...{ entry_id: find.entry, item_id: find.item, medium: find.medium, reference: find.reference },
      ...{ subject: find.subject, sealed: find.sealed, outcome: find.outcome, seen_at: find.seenAt },
      detail: jsonb(find.detail),
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Finds with the item that each leads to, newest first. */
export async function listFinds(db: Db, filter: FindFilter): Promise<StoredFind[]> {
  const { list, item, reference, outcome, limit } = filter;
  return await db
    .selectFrom('retro_find as find')
    .innerJoin('list', 'list.id', 'find.list_id')
    .leftJoin('item', 'item.id', 'find.item_id')
    .select(['find.id', 'find.run_id as runId', 'find.list_id as listId', 'list.name as list', 'find.version'])
    .select(['find.entry_id as entry', 'find.item_id as item', 'find.medium', 'find.reference', 'find.subject'])
    .select(['find.detail', 'find.sealed', 'find.outcome', 'find.seen_at as seenAt', 'find.found_at as foundAt'])
    .select(['item.platform', 'item.platform_id as platformId'])
    .$if(list !== undefined, (query) => query.where('list.name', '=', list ?? ''))
    .$if(item !== undefined, (query) => query.where('find.item_id', '=', item ?? ''))
    .$if(reference !== undefined, (query) => query.where('find.reference', '=', reference ?? new Uint8Array()))
    .$if(outcome !== undefined, (query) => query.where('find.outcome', '=', outcome ?? 'told'))
    .orderBy('find.found_at', 'desc')
    .orderBy('find.id')
    .limit(limit)
    .execute();
}

export interface FoundItem {
  readonly platform: string;
  readonly platformId: string;
  /** What its verdict said of its media; absent while it waits. */
  readonly detail: unknown;
}

/** The items that finds lead to, with their verdicts. */
export async function itemsOfFinds(db: Db, ids: readonly string[]): Promise<Map<string, FoundItem>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<FoundItem & { readonly id: string }>`
    SELECT id, platform, platform_id AS "platformId",
      (SELECT detail FROM verdict WHERE item_id = item.id ORDER BY at DESC LIMIT 1) AS detail
    FROM item WHERE id = ANY (${[...new Set(ids)]}::text[])`.execute(db);
  return new Map(rows.map(({ id, ...item }) => [id, item]));
}
