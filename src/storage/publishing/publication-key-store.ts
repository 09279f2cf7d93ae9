import { type Selectable, sql } from 'kysely';
import type { Keyring } from '../keyring.js';
import type { Db, PublicationKeyTable, Tx } from '../schema.js';
import { seal, unseal } from '../seal.js';

const PURPOSE = 'publication-key';

/** A key that signs, as its 32 secret bytes. */
export interface StoredPublicationKey {
  /** Names it in signatures; told by its public half. */
  readonly id: string;
  readonly secret: Uint8Array;
  readonly createdAt: Date;
  /** When it signs no longer; null for the newest. */
  readonly until: Date | null;
}

/** The keys that sign now, the newest first. @throws VigieError `seal-key-wrong`, `seal-damaged` */
export async function signingKeys(db: Db, keyring: Keyring): Promise<StoredPublicationKey[]> {
  const rows = await db
    .selectFrom('publication_key')
    .selectAll()
    .where(({ eb, or }) => or([eb('until', 'is', null), eb('until', '>', sql<Date>`now()`)]))
    .orderBy(sql`until IS NULL`, 'desc')
    .orderBy('until', 'desc')
    .execute();
  return rows.map((row) => keyOf(row, keyring));
}

/** Puts a key in the place of the newest, which goes on signing for some days. */
export async function putSigningKey(
  tx: Tx,
  keyring: Keyring,
  { id, secret }: Pick<StoredPublicationKey, 'id' | 'secret'>,
  overlapDays: number,
): Promise<void> {
  await sql`
    UPDATE publication_key SET until = now() + ${overlapDays}::float8 * interval '1 day' WHERE until IS NULL`.execute(
    tx,
  );
  const sealed = seal(keyring, secret, { purpose: PURPOSE, aad: id });
  await tx.insertInto('publication_key').values({ id, sealed }).execute();
}

function keyOf(
  { id, sealed, created_at, until }: Selectable<PublicationKeyTable>,
  keyring: Keyring,
): StoredPublicationKey {
  return { id, secret: unseal(keyring, sealed, { purpose: PURPOSE, aad: id }), createdAt: created_at, until };
}
