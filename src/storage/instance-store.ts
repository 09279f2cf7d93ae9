import { jsonb } from './column-values.js';
import { randomId } from './random-id.js';
import type { Db } from './schema.js';

/** This installation, whichever processes serve it. */
export interface Instance {
  readonly id: string;
  readonly createdAt: Date;
  /** The newest version of each file format that was written, by name. */
  readonly formats: Readonly<Record<string, number>>;
}

/** The installation's row, made at the first start. */
export async function loadInstance(db: Db, formats: Readonly<Record<string, number>>): Promise<Instance> {
  await db
    .insertInto('instance')
    .values({ id: randomId(), formats: jsonb<unknown>(formats) })
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet({ formats: jsonb<unknown>(formats) }))
    .execute();
  const row = await db.selectFrom('instance').selectAll().executeTakeFirstOrThrow();
  return { id: row.id, createdAt: row.created_at, formats: row.formats as Record<string, number> };
}
