import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import { appendListChange } from './list-change-log.js';
import type { EntryRules, ListRole, Thresholds } from './list-rules.js';
import { randomId } from './random-id.js';
import type { Approval, Db, ListContent, ListRow, Tx } from './schema.js';

export type { ListContent } from './schema.js';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** What is said of a list, apart from its name and its content. */
export interface ListTerms {
  readonly source?: string | null;
  readonly licence?: string | null;
  readonly terms?: string | null;
  readonly expiresAt?: Date | null;
  readonly shadow?: boolean;
  /** Radius by signal type; null for those of the types. */
  readonly threshold?: Thresholds | null;
  readonly role?: ListRole;
  /** What is asked of entries before they match; null for nothing. */
  readonly rules?: EntryRules | null;
  /** Share of media that the list is applied to, 0 to 1. */
  readonly sampleRatio?: number;
  /** Whether an entry needs a second person before it acts. */
  readonly approval?: Approval;
}

export interface StoredList extends Required<ListTerms> {
  readonly id: string;
  readonly name: string;
  readonly content: ListContent;
  readonly currentVersion: number | null;
  readonly createdAt: Date;
}

/** Who is asked from outside stands in matches where a list would. */
const RESERVED: ReadonlySet<string> = new Set(['arachnid']);

/** @throws VigieError `list-name-invalid`, `list-name-taken` */
export async function createList(
  db: Db,
  name: string,
  terms: ListTerms = {},
  content: ListContent = 'media',
): Promise<StoredList> {
  if (!NAME.test(name)) throw new VigieError('list-name-invalid');
  if (RESERVED.has(name))
    throw new VigieError('list-name-invalid', { detail: `${name} is the name of a remote matcher` });
  const row = await db
    .insertInto('list')
    .values({ id: randomId(), name, content, ...columnsOf(terms) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new VigieError('list-name-taken', { detail: name });
  return listOf(row);
}

/** @throws VigieError `list-not-found` */
export async function getList(db: Db, name: string): Promise<StoredList> {
  const list = await findList(db, name);
  if (list === undefined) throw new VigieError('list-not-found', { detail: NAME.test(name) ? name : 'not a name' });
  return list;
}

export async function findList(db: Db, name: string): Promise<StoredList | undefined> {
  const row = await db.selectFrom('list').selectAll().where('name', '=', name).executeTakeFirst();
  return row && listOf(row);
}

export async function findListById(db: Db, id: string): Promise<StoredList | undefined> {
  const row = await db.selectFrom('list').selectAll().where('id', '=', id).executeTakeFirst();
  return row && listOf(row);
}

export async function getListById(db: Db, id: string): Promise<StoredList> {
  const row = await db.selectFrom('list').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new VigieError('list-not-found');
  return listOf(row);
}

/** All lists by name; there are tens of them. */
export async function listLists(db: Db): Promise<StoredList[]> {
  const rows = await db.selectFrom('list').selectAll().orderBy('name').execute();
  return rows.map(listOf);
}

/** Changes what is said of a list; every process hears of it. */
export async function changeListTerms(tx: Tx, id: string, terms: ListTerms): Promise<number> {
  const list = await lockList(tx, id);
  const columns = columnsOf(terms);
  if (Object.keys(columns).length > 0) await tx.updateTable('list').set(columns).where('id', '=', id).execute();
  const version = list.currentVersion;
  return await appendListChange(tx, { kind: 'version', listId: id, payload: { version, previous: version } });
}

/**
 * Removes a list with its versions and statuses. Its segments become orphans.
 * @throws VigieError `list-has-source`, `list-not-found`
 */
export async function removeList(tx: Tx, id: string): Promise<number> {
  const { name } = await lockList(tx, id);
  const fed = await tx.selectFrom('source').select('name').where('list_id', '=', id).executeTakeFirst();
  if (fed !== undefined) throw new VigieError('list-has-source', { detail: fed.name });
  await tx.deleteFrom('list').where('id', '=', id).execute();
  return await appendListChange(tx, { kind: 'removed', listId: id, payload: { name } });
}

/** The list's row, which nobody else can change until the transaction ends. */
export async function lockList(tx: Tx, id: string): Promise<StoredList> {
  const row = await tx.selectFrom('list').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (row === undefined) throw new VigieError('list-not-found');
  return listOf(row);
}

function columnsOf(said: ListTerms) {
  const { source, licence, terms, expiresAt, shadow, threshold, role, rules, sampleRatio, approval } = said;
  return {
    ...(source === undefined ? {} : { source }),
    ...(licence === undefined ? {} : { licence }),
    ...(terms === undefined ? {} : { terms }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(threshold === undefined ? {} : { threshold: threshold === null ? null : jsonb(threshold) }),
    ...(role === undefined ? {} : { role }),
    ...(rules === undefined ? {} : { rules: rules === null ? null : jsonb(rules) }),
    ...(sampleRatio === undefined ? {} : { sample_ratio: sampleRatio }),
    ...(approval === undefined ? {} : { approval }),
  };
}

function listOf(row: ListRow): StoredList {
  const { id, name, content, source, licence, terms, shadow, threshold, role, rules, approval } = row;
  return {
    ...{ id, name, content, source, licence, terms, shadow, threshold, role, rules, approval },
    sampleRatio: row.sample_ratio,
    expiresAt: row.expires_at,
    currentVersion: row.current_version,
    createdAt: row.created_at,
  };
}
