import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { Db, ItemState, Lane, Surface, Tx } from '../schema.js';

/** An item as it is laid down when it is handed in. */
export interface NewItem {
  readonly id: string;
  readonly platform: string;
  readonly platformId: string;
  /** What it holds, so that another content under the same id is noticed. */
  readonly fingerprint: Uint8Array;
  readonly accountId: string | null;
  readonly room: string | null;
  readonly surface: Surface;
  readonly lane: Lane;
  /** Of an edited message; empty for the first. */
  readonly revision: string;
  readonly album: string | null;
  /** ISO; when the platform told us of it. */
  readonly seenAt: string | null;
  readonly sealed: Uint8Array;
  /** Blobs of the media that came as bytes, by ordinal. */
  readonly blobs: ReadonlyMap<number, string>;
}

export interface ItemRow {
  readonly id: string;
  readonly platform: string;
  readonly platformId: string;
  readonly accountId: string | null;
  readonly room: string | null;
  readonly surface: Surface;
  readonly lane: Lane;
  readonly state: ItemState;
  readonly receivedAt: Date;
  readonly toldAt: Date | null;
  readonly revision: string;
  readonly album: string | null;
  readonly seenAt: Date | null;
  /** When it was no longer there on its platform, as far as we know. */
  readonly goneAt: Date | null;
}

/** An item with what its scan needs. */
export interface StoredItem extends ItemRow {
  readonly sealed: Uint8Array;
  readonly blobs: ReadonlyMap<number, string>;
}

/** Whether an item of the same platform's id was there, and with which content. */
export interface Insertion {
  readonly id: string;
  readonly state: ItemState;
  readonly outcome: 'new' | 'same' | 'other';
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const keyOf = (platform: string, platformId: string, revision: string): string =>
  JSON.stringify([platform, platformId, revision]);

/**
 * Lays down the items that are not there yet, by the platform's id. Waits for another transaction that is just doing
 * the same.
 * @returns for each item, in order, what is there now
 */
export async function insertItems(tx: Tx, items: readonly NewItem[], published: boolean): Promise<Insertion[]> {
  // In one order everywhere, so that two batches of the same items do not wait for each other in a circle.
  const rows = items
    .map(({ blobs: _blobs, ...item }) => ({
      ...item,
      fingerprint: base64(item.fingerprint),
      sealed: base64(item.sealed),
    }))
    .sort((a, b) =>
      keyOf(a.platform, a.platformId, a.revision) < keyOf(b.platform, b.platformId, b.revision) ? -1 : 1,
    );
  const { rows: inserted } = await sql<{ id: string }>`
    INSERT INTO item (id, platform, platform_id, fingerprint, account_id, room, surface, lane, sealed, revision, album,
                      seen_at, published_at)
    SELECT id, platform, "platformId", decode(fingerprint, 'base64'), "accountId", room, surface, lane,
           decode(sealed, 'base64'), revision, album, "seenAt", CASE WHEN ${published}::boolean THEN now() END
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (
      id text, platform text, "platformId" text, fingerprint text, "accountId" text, room text, surface text,
      lane text, sealed text, revision text, album text, "seenAt" timestamptz)
    ON CONFLICT (platform, platform_id, revision) DO NOTHING RETURNING id`.execute(tx);
  const made = new Set(inserted.map(({ id }) => id));
  await insertMedia(
    tx,
    items.filter(({ id }) => made.has(id)),
  );
  const there = await existing(
    tx,
    items.filter(({ id }) => !made.has(id)),
  );
  return items.map((item): Insertion => {
    if (made.has(item.id)) return { id: item.id, state: 'waiting', outcome: 'new' };
    const other = there.get(keyOf(item.platform, item.platformId, item.revision));
    // Let go by retention between the two statements: it is as if it had never been there.
    if (other === undefined) throw new VigieError('database-busy', { detail: 'an item just went', retryAfter: 1 });
    const same = Buffer.compare(other.fingerprint, item.fingerprint) === 0;
    return { id: other.id, state: other.state, outcome: same ? 'same' : 'other' };
  });
}

async function insertMedia(tx: Tx, items: readonly NewItem[]): Promise<void> {
  const rows = items.flatMap(({ id, blobs }) => [...blobs].map(([ordinal, blob]) => ({ id, ordinal, blob })));
  if (rows.length === 0) return;
  await sql`
    INSERT INTO item_medium (item_id, ordinal, blob) SELECT id, ordinal, blob
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (id text, ordinal smallint, blob text)`.execute(tx);
}

async function existing(tx: Tx, items: readonly NewItem[]) {
  const found = new Map<string, { id: string; state: ItemState; fingerprint: Uint8Array }>();
  if (items.length === 0) return found;
  const platforms = items.map(({ platform }) => platform);
  const ids = items.map(({ platformId }) => platformId);
  const revisions = items.map(({ revision }) => revision);
  const { rows } = await sql<{
    id: string;
    platform: string;
    platform_id: string;
    revision: string;
    state: ItemState;
    fingerprint: Uint8Array;
  }>`SELECT item.id, item.platform, item.platform_id, item.revision, item.state, item.fingerprint
    FROM unnest(${platforms}::text[], ${ids}::text[], ${revisions}::text[]) AS t (platform, platform_id, revision)
    JOIN item USING (platform, platform_id, revision)`.execute(tx);
  for (const row of rows) found.set(keyOf(row.platform, row.platform_id, row.revision), row);
  return found;
}

/** Items with what their scans need, in the order of the ids; undefined for those that are not there. */
export async function readItems(db: Db, ids: readonly string[]): Promise<(StoredItem | undefined)[]> {
  const { rows } = await sql<
    Omit<StoredItem, 'blobs'> & { readonly blobs: readonly { ordinal: number; blob: string }[] | null }
  >`SELECT id, platform, platform_id AS "platformId", account_id AS "accountId", room, surface, lane, state, sealed,
           received_at AS "receivedAt", told_at AS "toldAt", revision, album, seen_at AS "seenAt", gone_at AS "goneAt",
           (SELECT jsonb_agg(jsonb_build_object('ordinal', ordinal, 'blob', blob))
            FROM item_medium WHERE item_id = item.id AND blob IS NOT NULL) AS blobs
    FROM item WHERE id = ANY (${ids}::text[])`.execute(db);
  const found = new Map(
    rows.map((row) => [row.id, { ...row, blobs: new Map(row.blobs?.map(({ ordinal, blob }) => [ordinal, blob])) }]),
  );
  return ids.map((id) => found.get(id));
}

/**
 * Notes that something is no longer there on its platform: all its revisions.
 * @returns ids of the items that were there until now
 */
export async function markGone(db: Db, platform: string, platformIds: readonly string[]): Promise<readonly string[]> {
  if (platformIds.length === 0) return [];
  const gone = await db
    .updateTable('item')
    .set({ gone_at: sql<Date>`now()` })
    .where('platform', '=', platform)
    .where('platform_id', 'in', [...platformIds])
    .where('gone_at', 'is', null)
    .returning('id')
    .execute();
  return gone.map(({ id }) => id);
}

/** Ids of the items of one id of a platform, one for each revision of it; the newest first, at the most so many. */
export async function itemsOfPlatformId(
  db: Db,
  platform: string,
  platformId: string,
  most: number,
): Promise<readonly string[]> {
  // By `item_once`, whose first two columns these are.
  const rows = await db
    .selectFrom('item')
    .select('id')
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .orderBy('received_at', 'desc')
    .limit(most)
    .execute();
  return rows.map(({ id }) => id);
}

/** The verdict that an item was told last, as it was stored; undefined while it waits. */
export async function readItemVerdict(db: Db, itemId: string) {
  return await db
    .selectFrom('verdict')
    .select(['id', 'verdict', 'reason', 'medium', 'detail', 'engine', 'applied_seq', 'node', 'at'])
    .where('item_id', '=', itemId)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
