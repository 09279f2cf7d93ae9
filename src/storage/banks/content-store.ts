import { type Selectable, sql } from 'kysely';
import { z } from 'zod';
import type { Keyring } from '../keyring.js';
import type { BankContentTable, Db } from '../schema.js';
import { seal, unseal } from '../seal.js';

/** What people noted of a content. */
export interface ContentNotes {
  readonly note?: string | undefined;
  readonly metadata?: ContentMetadata | undefined;
}

export interface ContentMetadata {
  readonly content_id?: string | undefined;
  readonly content_uri?: string | undefined;
  readonly json?: Readonly<Record<string, unknown>> | undefined;
}

/** An entry by its number. */
export interface StoredContent extends ContentNotes {
  readonly id: number;
  readonly listId: string;
  readonly entryId: string;
  readonly disabledUntil: Date | null;
  readonly deleted: boolean;
}

const PURPOSE = 'bank-content';

const notesSchema = z.object({
  note: z.string().optional(),
  metadata: z
    .object({
      content_id: z.string().optional(),
      content_uri: z.string().optional(),
      json: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});

/** The numbers of entries, which are given when they are first asked for and stay. */
export class ContentStore {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** @returns the number of each entry, in the order given */
  async numbers(
    db: Db,
    entries: readonly { readonly listId: string; readonly entryId: string }[],
  ): Promise<readonly number[]> {
    const asked = JSON.stringify(entries);
    // A number is only drawn for what has none, as drawing cannot be taken back.
    await sql`
      INSERT INTO bank_content (list_id, entry_id)
      SELECT DISTINCT list.id, t."entryId" FROM jsonb_to_recordset(${asked}::jsonb) AS t ("listId" text, "entryId" text)
      JOIN list ON list.id = t."listId"
      WHERE NOT EXISTS (SELECT FROM bank_content c WHERE c.list_id = t."listId" AND c.entry_id = t."entryId")
      ORDER BY 1, 2 ON CONFLICT DO NOTHING`.execute(db);
    const { rows } = await sql<{ id: number; listId: string; entryId: string }>`
      SELECT c.id, c.list_id AS "listId", c.entry_id AS "entryId" FROM bank_content c
      JOIN jsonb_to_recordset(${asked}::jsonb) AS t ("listId" text, "entryId" text)
        ON c.list_id = t."listId" AND c.entry_id = t."entryId"`.execute(db);
    const found = new Map(rows.map((row) => [`${row.listId}/${row.entryId}`, row.id]));
    return entries.flatMap(({ listId, entryId }) => found.get(`${listId}/${entryId}`) ?? []);
  }

  /** Draws a number for an entry that is about to be written, which is named after it. */
  async draw(db: Db, listId: string, notes: ContentNotes): Promise<StoredContent> {
    const { rows } = await sql<{ id: number }>`
      SELECT nextval(pg_get_serial_sequence('bank_content', 'id')) AS id`.execute(db);
    const id = Number(rows[0]?.id);
    const entryId = `content-${id}`;
    await sql`INSERT INTO bank_content (id, list_id, entry_id, sealed) OVERRIDING SYSTEM VALUE
      VALUES (${id}, ${listId}, ${entryId}, ${this.#seal(id, notes)})`.execute(db);
    return { id, listId, entryId, disabledUntil: null, deleted: false, ...notes };
  }

  async find(db: Db, id: number): Promise<StoredContent | undefined> {
    const row = await db.selectFrom('bank_content').selectAll().where('id', '=', id).executeTakeFirst();
    return row && this.#contentOf(row);
  }

  /** Contents whose time of not matching is over. */
  async due(db: Db, limit: number): Promise<readonly StoredContent[]> {
    const rows = await db
      .selectFrom('bank_content')
      .selectAll()
      .where('disabled_until', '<=', sql<Date>`now()`)
      .where('deleted_at', 'is', null)
      .orderBy('disabled_until')
      .limit(limit)
      .execute();
    return rows.map((row) => this.#contentOf(row));
  }

  async setDisabled(db: Db, id: number, until: Date | null): Promise<void> {
    await db.updateTable('bank_content').set({ disabled_until: until }).where('id', '=', id).execute();
  }

  async setNotes(db: Db, id: number, notes: ContentNotes): Promise<void> {
    await db
      .updateTable('bank_content')
      .set({ sealed: this.#seal(id, notes) })
      .where('id', '=', id)
      .execute();
  }

  /** @returns false when it was deleted before */
  async remove(db: Db, id: number): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('bank_content')
      .set({ deleted_at: sql<Date>`now()`, disabled_until: null, sealed: null })
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** Takes back what `draw` wrote, when the entry could not be written. */
  async forget(db: Db, id: number): Promise<void> {
    await db.deleteFrom('bank_content').where('id', '=', id).execute();
  }

  #seal(id: number, { note, metadata }: ContentNotes): Uint8Array | null {
    if (note === undefined && metadata === undefined) return null;
    const plain = new TextEncoder().encode(JSON.stringify({ note, metadata }));
    return seal(this.#keyring, plain, { purpose: PURPOSE, aad: String(id) });
  }

  #contentOf(row: Selectable<BankContentTable>): StoredContent {
    const { id, sealed } = row;
    const notes =
      sealed === null
        ? {}
        : notesSchema.parse(
            JSON.parse(new TextDecoder().decode(unseal(this.#keyring, sealed, { purpose: PURPOSE, aad: String(id) }))),
          );
    return {
      ...{ id, listId: row.list_id, entryId: row.entry_id },
      ...{ disabledUntil: row.disabled_until, deleted: row.deleted_at !== null },
      ...notes,
    };
  }
}
