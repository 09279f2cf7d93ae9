import { type Selectable, sql } from 'kysely';
import { VigieError } from '../errors.js';
import { jsonb } from './column-values.js';
import type { Keyring } from './keyring.js';
import { randomId } from './random-id.js';
import type { Db, PlatformState, PlatformTable, Tx } from './schema.js';
import { seal, unseal } from './seal.js';
import { SqlError } from './sql-error.js';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export interface StoredPlatform {
  readonly id: string;
  /** Items of it bear it. */
  readonly name: string;
  readonly kind: string;
  /** As they were checked when they were stored; another version may think otherwise. */
  readonly settings: unknown;
  readonly enabled: boolean;
  /** What would be done is written down and not sent. */
  readonly dryRun: boolean;
  readonly state: PlatformState;
  readonly lastError: string | null;
  readonly failures: number;
  readonly nextAt: Date;
  readonly connectedAt: Date | null;
  readonly heardAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** The process that holds its connection just now. */
  readonly heldBy: string | null;
}

export interface NewPlatform {
  readonly name: string;
  readonly kind: string;
  readonly settings: unknown;
  readonly credentials: unknown;
  readonly dryRun: boolean;
  readonly by: string;
}

export interface PlatformChanges {
  readonly settings?: unknown;
  readonly credentials?: unknown;
  readonly enabled?: boolean;
  readonly dryRun?: boolean;
}

/** Connections to platforms, whose credentials are sealed. */
export class PlatformStore {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** @throws VigieError `platform-name-invalid`, `platform-name-taken` */
  async add(tx: Tx, { name, kind, settings, credentials, dryRun, by }: NewPlatform): Promise<string> {
    if (!NAME.test(name)) throw new VigieError('platform-name-invalid');
    const id = randomId();
    const row = { id, name, kind, settings: jsonb(settings), dry_run: dryRun, created_by: by };
    try {
      await tx
        .insertInto('platform')
        .values({ ...row, sealed: this.#seal(id, credentials) })
        .execute();
    } catch (thrown) {
      if (!(thrown instanceof SqlError && thrown.sqlState === '23505')) throw thrown;
      throw new VigieError('platform-name-taken');
    }
    return id;
  }

  /** All of them by name; there are tens. */
  async ls(db: Db): Promise<StoredPlatform[]> {
    return (await select(db).orderBy('name').execute()).map(platformOf);
  }

  /** @throws VigieError `platform-not-found` */
  async get(db: Db, name: string): Promise<StoredPlatform> {
    return found(await select(db).where('name', '=', name).executeTakeFirst());
  }

  /** @throws VigieError `platform-not-found` */
  async getById(db: Db, id: string): Promise<StoredPlatform> {
    return found(await select(db).where('id', '=', id).executeTakeFirst());
  }

  /** Undefined when it has none. @throws VigieError `platform-not-found`, `seal-key-wrong`, `seal-damaged` */
  async credentials(db: Db, id: string): Promise<unknown> {
    const row = await db.selectFrom('platform').select('sealed').where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw new VigieError('platform-not-found');
    if (row.sealed === null) return undefined;
    const plain = unseal(this.#keyring, row.sealed, { purpose: 'platform', aad: id });
    return JSON.parse(Buffer.from(plain).toString());
  }

  /** Changes what people decide of a platform. With other settings, its connection is made anew. */
  async change(tx: Tx, id: string, { settings, credentials, enabled, dryRun }: PlatformChanges): Promise<void> {
    const anew = settings !== undefined || credentials !== undefined || enabled !== undefined;
    if (!anew && dryRun === undefined) return;
    await tx
      .updateTable('platform')
      .set({
        ...(settings === undefined ? {} : { settings: jsonb(settings) }),
        ...(credentials === undefined ? {} : { sealed: this.#seal(id, credentials) }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(dryRun === undefined ? {} : { dry_run: dryRun }),
        ...(anew ? { leased_by: null, leased_until: null, failures: 0, next_at: sql<Date>`now()` } : {}),
      })
      .where('id', '=', id)
      .execute();
  }

  async remove(tx: Tx, id: string): Promise<void> {
    await tx.deleteFrom('platform').where('id', '=', id).execute();
  }

  #seal(id: string, credentials: unknown): Uint8Array | null {
    if (credentials === undefined) return null;
    return seal(this.#keyring, Buffer.from(JSON.stringify(credentials)), { purpose: 'platform', aad: id });
  }
}

function select(db: Db) {
  return db
    .selectFrom('platform')
    .selectAll()
    .select(sql<string | null>`CASE WHEN leased_until > now() THEN leased_by END`.as('held_by'));
}

function found(row: Row | undefined): StoredPlatform {
  if (row === undefined) throw new VigieError('platform-not-found');
  return platformOf(row);
}

type Row = Selectable<PlatformTable> & { readonly held_by: string | null };

function platformOf(row: Row): StoredPlatform {
  return {
    ...{ id: row.id, name: row.name, kind: row.kind, settings: row.settings, enabled: row.enabled },
    ...{ dryRun: row.dry_run, state: row.state, lastError: row.last_error, failures: row.failures },
    ...{ nextAt: row.next_at, connectedAt: row.connected_at, heardAt: row.heard_at, heldBy: row.held_by },
    ...{ createdBy: row.created_by, createdAt: row.created_at },
  };
}
