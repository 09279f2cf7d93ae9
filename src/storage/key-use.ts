import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { filesBelow } from './backup/copy-file.js';
import type { BatchFiles } from './events/batch-files.js';
import type { Db } from './schema.js';
import { SEALED_TABLES } from './sealed-columns.js';
import { HEADER_BYTES } from './sealed-header.js';

/** How much of what is kept needs one master key to be opened. */
export interface KeyUse {
  /** Sealed values in the database. */
  readonly rows: number;
  /** Sealed files: segments, seen records, media, batches of events. */
  readonly files: number;
}

const MAGIC = 'VIGSEAL';

/**
 * Counts by key id what is sealed under it.
 * @param roots directories of sealed files
 * @param batches sealed files of another place, of which the first bytes are read
 */
export async function keyUse(
  db: Db,
  roots: readonly string[],
  batches: Pick<BatchFiles, 'heads'>,
): Promise<ReadonlyMap<string, KeyUse>> {
  const uses = new Map<string, { rows: number; files: number }>();
  const use = (id: string) => {
    const known = uses.get(id) ?? { rows: 0, files: 0 };
    uses.set(id, known);
    return known;
  };
  for (const table of SEALED_TABLES) {
    const { rows } = await sql<{ id: string; count: number }>`
      SELECT encode(substring(sealed FROM 2 FOR 8), 'hex') AS id, count(*) AS count
      FROM ${sql.table(table)} WHERE sealed IS NOT NULL GROUP BY 1`.execute(db);
    for (const { id, count } of rows) use(id).rows += Number(count);
  }
  for (const root of roots) {
    for (const name of await filesBelow(root)) {
      const id = await keyOf(join(root, name));
      if (id !== undefined) use(id).files++;
    }
  }
  for await (const head of batches.heads(HEADER_BYTES)) {
    const id = keyOfHead(head);
    if (id !== undefined) use(id).files++;
  }
  return uses;
}

/** The id of the key that a file is sealed under; undefined when it is not sealed, or gone. */
async function keyOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(head, 0, HEADER_BYTES, 0);
    return keyOfHead(head.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function keyOfHead(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (head.length < HEADER_BYTES || head.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  return head.toString('hex', 16, 24);
}
