import { type Selectable, sql } from 'kysely';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import type { Keyring } from './keyring.js';
import { randomId } from './random-id.js';
import type { Db, SourceOutcome, SourceTable, Tx } from './schema.js';
import { seal, unseal } from './seal.js';
import { SqlError } from './sql-error.js';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** What came of all syncs of a source together. */
export interface SourceCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly returned: number;
  readonly setAside: number;
}

/** Records that could not be used, by reason: how many, and the last of them. */
export type SetAsideCounts = Readonly<Record<string, { readonly count: number; readonly where: readonly string[] }>>;

/** What a source has removed since a moment, against the entries that its list had then. */
export interface RemovalWindow {
  readonly since: string;
  readonly entries: number;
  readonly removed: number;
}

/** A change that would remove so much that a person has to decide. */
export interface HeldChange {
  /** Another one when the change is another one. */
  readonly id: string;
  readonly since: string;
  readonly removed: number;
  readonly entries: number;
  readonly decision: 'waiting' | 'approved' | 'refused';
  readonly by: string | null;
}

export interface StoredSource {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly listId: string | null;
  readonly listName: string | null;
  /** As they were checked when they were stored; another version may think otherwise. */
  readonly settings: unknown;
  readonly enabled: boolean;
  readonly everySeconds: number;
  readonly holdPercent: number;
  readonly checkpoint: unknown;
  /** It has to tell everything again, as its settings are others. */
  readonly anew: boolean;
  readonly outcome: SourceOutcome;
  readonly lastError: string | null;
  readonly failures: number;
  readonly counts: SourceCounts;
  readonly setAside: SetAsideCounts;
  /** Signals of types that we do not know, by the source's name for each: how many were told. */
  readonly unused: Readonly<Record<string, number>>;
  readonly removals: RemovalWindow | undefined;
  readonly held: HeldChange | undefined;
  readonly nextAt: Date;
  readonly triedAt: Date | null;
  readonly syncedAt: Date | null;
  readonly changedAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Whether a process syncs it just now. */
  readonly syncing: boolean;
  /** Seconds since it last told something new, or since it was added. */
  readonly quietSeconds: number;
  /** The time of the database. */
  readonly now: Date;
}

export interface NewSource {
  readonly name: string;
  readonly kind: string;
  readonly listId: string | null;
  readonly settings: unknown;
  readonly credentials: unknown;
  readonly everySeconds: number;
  readonly holdPercent: number;
  readonly by: string;
}

export interface SourceChanges {
  /** With others than it has, the next sync begins anew. */
  readonly settings?: unknown;
  readonly credentials?: unknown;
  readonly everySeconds?: number;
  readonly holdPercent?: number;
  readonly enabled?: boolean;
}

/** As jsonb, in which the order of fields says nothing. */
const anewWith = (settings: unknown) => sql<boolean>`anew OR settings <> ${jsonb(settings)}`;

const countsSchema = z.object({
  added: z.number().default(0),
  changed: z.number().default(0),
  removed: z.number().default(0),
  returned: z.number().default(0),
  setAside: z.number().default(0),
});

/** Sources of lists, whose credentials are sealed. */
export class SourceStore {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** @throws VigieError `source-name-invalid`, `source-name-taken`, `source-list-taken` */
  async add(tx: Tx, source: NewSource): Promise<string> {
    const { name, kind, listId, settings, credentials, everySeconds, holdPercent, by } = source;
    if (!NAME.test(name)) throw new VigieError('source-name-invalid');
    const id = randomId();
    const row = {
      ...{ id, name, kind, list_id: listId, every_seconds: everySeconds, hold_percent: holdPercent, created_by: by },
      ...{
        settings: jsonb(settings),
        counts: jsonb<unknown>({}),
        set_aside: jsonb<unknown>({}),
        unused: jsonb<unknown>({}),
      },
      sealed: this.#seal(id, credentials),
    };
    try {
      await tx.insertInto('source').values(row).execute();
    } catch (thrown) {
      if (!(thrown instanceof SqlError && thrown.sqlState === '23505')) throw thrown;
      throw new VigieError(/list_id/.test(thrown.message) ? 'source-list-taken' : 'source-name-taken');
    }
    return id;
  }

  /** All of them by name; there are tens. */
  async ls(db: Db): Promise<StoredSource[]> {
    return (await selectSources(db).orderBy('source.name').execute()).map(sourceOf);
  }

  /** @throws VigieError `source-not-found` */
  async get(db: Db, name: string): Promise<StoredSource> {
    const row = await selectSources(db).where('source.name', '=', name).executeTakeFirst();
    if (row === undefined) throw new VigieError('source-not-found');
    return sourceOf(row);
  }

  /** @throws VigieError `source-not-found` */
  async getById(db: Db, id: string): Promise<StoredSource> {
    const row = await selectSources(db).where('source.id', '=', id).executeTakeFirst();
    if (row === undefined) throw new VigieError('source-not-found');
    return sourceOf(row);
  }

  /** The source that feeds a list. */
  async ofList(db: Db, listId: string): Promise<StoredSource | undefined> {
    const row = await selectSources(db).where('source.list_id', '=', listId).executeTakeFirst();
    return row && sourceOf(row);
  }

  /** Undefined when it has none. @throws VigieError `source-not-found`, `seal-key-wrong`, `seal-damaged` */
  async credentials(db: Db, id: string): Promise<unknown> {
    const row = await db.selectFrom('source').select('sealed').where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new VigieError('source-not-found');
    if (row.sealed === null) return undefined;
    const plain = unseal(this.#keyring, row.sealed, { purpose: 'source', aad: id });
    return JSON.parse(Buffer.from(plain).toString());
  }

  /** Changes what people decide of a source. A sync that is under way cannot commit any more; the next begins at once. */
  async change(tx: Tx, id: string, changes: SourceChanges): Promise<void> {
    const { settings, credentials, everySeconds, holdPercent, enabled } = changes;
    await tx
      .updateTable('source')
      .set({
        ...(settings === undefined ? {} : { settings: jsonb(settings), anew: anewWith(settings) }),
        ...(credentials === undefined ? {} : { sealed: this.#seal(id, credentials) }),
        ...(everySeconds === undefined ? {} : { every_seconds: everySeconds }),
        ...(holdPercent === undefined ? {} : { hold_percent: holdPercent }),
        ...(enabled === undefined ? {} : { enabled }),
        ...{ leased_by: null, leased_until: null, failures: 0, next_at: sql<Date>`now()` },
      })
      .where('id', '=', id)
      .execute();
  }

  /** A sync begins at once, on some process. */
  async dueNow(db: Db, id: string): Promise<void> {
    await db.updateTable('source').set({ next_at: sql<Date>`now()` }).where('id', '=', id).execute();
  }

  /** Writes down what a person decided of a held change; a sync begins at once. */
  async decide(tx: Tx, id: string, held: HeldChange): Promise<void> {
    await tx
      .updateTable('source')
      .set({ held: jsonb<unknown>(held), next_at: sql<Date>`now()`, leased_by: null, leased_until: null })
      .where('id', '=', id)
      .execute();
  }

  async remove(tx: Tx, id: string): Promise<void> {
    await tx.deleteFrom('source').where('id', '=', id).execute();
  }

  #seal(id: string, credentials: unknown): Uint8Array | null {
    if (credentials === undefined) return null;
    return seal(this.#keyring, Buffer.from(JSON.stringify(credentials)), { purpose: 'source', aad: id });
  }
}

export function selectSources(db: Db) {
  return db
    .selectFrom('source')
    .leftJoin('list', 'list.id', 'source.list_id')
    .selectAll('source')
    .select([
      'list.name as list_name',
      sql<boolean>`coalesce(leased_until > now(), false)`.as('syncing'),
      sql<number>`extract(epoch FROM now() - coalesce(changed_at, source.created_at))::float8`.as('quiet_seconds'),
      sql<Date>`now()`.as('now'),
    ]);
}

type Row = Selectable<SourceTable> & {
  readonly list_name: string | null;
  readonly syncing: boolean;
  readonly quiet_seconds: number;
  readonly now: Date;
};

function sourceOf(row: Row): StoredSource {
  return {
    ...{ id: row.id, name: row.name, kind: row.kind, listId: row.list_id, listName: row.list_name },
    ...{ settings: row.settings, enabled: row.enabled, everySeconds: row.every_seconds, holdPercent: row.hold_percent },
    ...{ checkpoint: row.checkpoint ?? undefined, anew: row.anew, outcome: row.state, lastError: row.last_error },
    ...{ failures: row.failures, nextAt: row.next_at, triedAt: row.tried_at, syncedAt: row.synced_at },
    ...{ changedAt: row.changed_at, createdBy: row.created_by, createdAt: row.created_at, now: row.now },
    ...{ syncing: row.syncing, quietSeconds: row.quiet_seconds },
    counts: countsSchema.parse(row.counts),
    // Only this file and source-lease.ts write these columns.
    setAside: row.set_aside as SetAsideCounts,
    unused: row.unused as Readonly<Record<string, number>>,
    removals: (row.removals ?? undefined) as RemovalWindow | undefined,
    held: (row.held ?? undefined) as HeldChange | undefined,
  };
}
