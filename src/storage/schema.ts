/** The tables as TypeScript sees them. The truth is in migrations/; a test compares schema.snapshot.txt with both databases. */
import type { ColumnType, Generated, Kysely, RawBuilder, Selectable, Transaction } from 'kysely';

/** Anything that can run a query: the database itself, or an open transaction. */
export type Db = Kysely<Schema>;

/** An open transaction. What must be part of one asks for this type. */
export type Tx = Transaction<Schema>;

/** A jsonb column is written through `jsonb()`. What an unknown one holds is its writer's to check when reading. */
type JsonColumn<T> = ColumnType<T, RawBuilder<T>, RawBuilder<T>>;
type NullableJsonColumn<T> = ColumnType<T | null, RawBuilder<T> | null | undefined, RawBuilder<T> | null>;
/** Set once, when the row is made. */
type Fixed<T> = ColumnType<T, T, never>;
type Stamp = ColumnType<Date, Date | undefined, Date>;
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export type VersionState = 'current' | 'kept' | 'retired';
export type EntryStatusName = 'withdrawn' | 'disputed' | 'inactive' | 'active';
export type ListChangeKind = 'version' | 'entry' | 'removed';
export type ImportState = 'running' | 'done' | 'failed' | 'abandoned';

export interface ListTable {
  id: Fixed<string>;
  name: string;
  source: Nullable<string>;
  licence: Nullable<string>;
  terms: Nullable<string>;
  expires_at: Nullable<Date>;
  /** A list that is tried out: its matches are recorded and nothing follows from them. */
  shadow: Generated<boolean>;
  /** Radius by signal type, where it differs from the type's own. */
  threshold: NullableJsonColumn<Readonly<Record<string, number>>>;
  current_version: Nullable<number>;
  created_at: Stamp;
}

export interface ListVersionTable {
  list_id: Fixed<string>;
  version: Fixed<number>;
  state: VersionState;
  source_name: Nullable<string>;
  format: Nullable<string>;
  entries: number;
  report: JsonColumn<unknown>;
  created_at: Stamp;
}

export interface SegmentTable {
  /** The content address in the blob store. */
  id: Fixed<string>;
  list_id: Fixed<string>;
  bytes: number;
  entries: number;
  summary: JsonColumn<unknown>;
  created_at: Stamp;
}

export interface VersionSegmentTable {
  list_id: Fixed<string>;
  version: Fixed<number>;
  segment_id: Fixed<string>;
  ordinal: number;
}

export interface EntryStatusTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  status: EntryStatusName;
  reason: Nullable<string>;
  changed_by: Nullable<string>;
  changed_at: Stamp;
}

export interface ListChangeTable {
  seq: Fixed<number>;
  /** Not a foreign key: the change outlives the list that was removed. */
  list_id: Fixed<string>;
  kind: ListChangeKind;
  payload: JsonColumn<unknown>;
  at: Stamp;
}

export interface ImportRunTable {
  id: Fixed<string>;
  list_id: Fixed<string>;
  version: Fixed<number>;
  source_name: Nullable<string>;
  source_fingerprint: Nullable<string>;
  checkpoint: NullableJsonColumn<unknown>;
  state: ImportState;
  staged: JsonColumn<unknown>;
  counts: JsonColumn<unknown>;
  started_at: Stamp;
  updated_at: Stamp;
}

export interface ApiKeyTable {
  id: Fixed<string>;
  name: string;
  hash: Fixed<Uint8Array>;
  scopes: JsonColumn<readonly string[]>;
  created_at: Stamp;
  revoked_at: Nullable<Date>;
  last_used_at: Nullable<Date>;
}

export interface InstanceTable {
  /** Always true: there is one row. */
  singleton: Generated<boolean>;
  id: Fixed<string>;
  created_at: Stamp;
  /** The newest version of each file format that was written. */
  formats: JsonColumn<unknown>;
}

export interface MigrationTable {
  number: Fixed<number>;
  name: Fixed<string>;
  applied_at: Stamp;
}

export interface Schema {
  list: ListTable;
  list_version: ListVersionTable;
  segment: SegmentTable;
  version_segment: VersionSegmentTable;
  entry_status: EntryStatusTable;
  list_change: ListChangeTable;
  import_run: ImportRunTable;
  api_key: ApiKeyTable;
  instance: InstanceTable;
  migration: MigrationTable;
}

export type ListRow = Selectable<ListTable>;
export type EntryStatusRow = Selectable<EntryStatusTable>;
export type ImportRunRow = Selectable<ImportRunTable>;
export type ApiKeyRow = Selectable<ApiKeyTable>;
