import { sql } from 'kysely';
import { jsonb } from './column-values.js';
import { randomId } from './random-id.js';
import type { ApiKeyRow, Db } from './schema.js';

/** A key as it is stored: never the key itself, only its SHA-256. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly rate: string | null;
}

/** @param hash SHA-256 of the key, which must have been drawn at random with at least 128 bits */
export async function createApiKey(
  db: Db,
  key: {
    readonly name: string;
    readonly hash: Uint8Array;
    readonly scopes: readonly string[];
    readonly rate?: string | null;
  },
): Promise<StoredApiKey> {
  const row = await db
    .insertInto('api_key')
    .values({ id: randomId(), name: key.name, hash: key.hash, scopes: jsonb(key.scopes), rate: key.rate ?? null })
    .returningAll()
    .executeTakeFirstOrThrow();
  return keyOf(row);
}

/** The key of a hash, unless it is unknown or revoked. */
export async function findApiKey(db: Db, hash: Uint8Array): Promise<StoredApiKey | undefined> {
  const row = await db
    .selectFrom('api_key')
    .selectAll()
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && keyOf(row);
}

/** All keys, newest first, revoked ones too. */
export async function listApiKeys(db: Db): Promise<StoredApiKey[]> {
  const rows = await db.selectFrom('api_key').selectAll().orderBy('created_at', 'desc').orderBy('id').execute();
  return rows.map(keyOf);
}

/** @returns false when there is no such key or it was revoked before */
export async function revokeApiKey(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Notes when keys were last used. Collect these and write them once in a while, not at each request. */
export async function touchApiKeys(db: Db, used: ReadonlyMap<string, Date>): Promise<void> {
  if (used.size === 0) return;
  const uses = JSON.stringify([...used].map(([id, at]) => ({ id, at })));
  await sql`
    UPDATE api_key SET last_used_at = greatest(last_used_at, used.at)
    FROM jsonb_to_recordset(${uses}::jsonb) AS used(id text, at timestamptz) WHERE used.id = api_key.id
  `.execute(db);
}

function keyOf(row: ApiKeyRow): StoredApiKey {
  const { id, name, scopes, rate } = row;
  return { id, name, scopes, rate, createdAt: row.created_at, revokedAt: row.revoked_at, lastUsedAt: row.last_used_at };
}
