/** The tables as TypeScript sees them. The truth is in migrations/; a test compares schema.snapshot.txt with both databases. */
import type { ColumnType, Generated, Kysely, RawBuilder, Selectable, Transaction } from 'kysely';
import type { EntryRules, ListRole, Thresholds } from './list-rules.js';

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

/** What the entries of a list are of. */
export type ListContent = 'media' | 'urls' | 'keywords';
export type VersionState = 'current' | 'kept' | 'retired';
export type EntryStatusName = 'withdrawn' | 'disputed' | 'inactive' | 'active';
/** Who says so: a person, the source of the list, a rule of ours, or the guard against floods. */
export type EntryStatusOrigin = 'person' | 'source' | 'quarantine' | 'rule';
/** How the last attempt to sync has ended; `held` waits for a person. */
export type SourceOutcome = 'new' | 'up-to-date' | 'behind' | 'refused' | 'failing' | 'held';
export type ListChangeKind = 'version' | 'entry' | 'removed';
export type ImportState = 'running' | 'done' | 'failed' | 'abandoned';

export type OutboxState = 'pending' | 'delivered' | 'dropped' | 'exhausted' | 'given-up';
export type AttentionState = 'open' | 'acknowledged' | 'resolved';
export type NodeRole = 'serve' | 'worker';
export type Lane = 'live' | 'backfill';
export type Surface = 'public' | 'private';
export type ItemState = 'waiting' | 'told' | 'set-aside';
/** `two-person`: an entry acts only once a second person has approved it. */
export type Approval = 'none' | 'two-person';
export type ProposalAct = 'add' | 'restore' | 'derive' | 'enrich' | 'lift-approval';
export type ProposalState = 'proposed' | 'approved' | 'refused' | 'expired' | 'taken-back';
export type MatchOpinion = 'confirmed' | 'refuted';
export type PlatformState = 'new' | 'connected' | 'failing' | 'refused';
/** What an action or a case is about. */
export type SubjectKind = 'item' | 'account' | 'room';
/**
 * `proposed` waits for a person; `ordered` is on its way; `confirmed` was answered by the platform; `dropped` was not
 * wanted any more; `failed` waits for a person after all attempts; `given-up` and `refused` were ended by one.
 */
export type ActionState = 'proposed' | 'ordered' | 'confirmed' | 'dropped' | 'failed' | 'given-up' | 'refused';
export type EvidenceState = 'wanted' | 'sealed' | 'not-had' | 'destroyed';
export type CaseDecision = 'confirmed' | 'dismissed';

export interface ListTable {
  id: Fixed<string>;
  name: string;
  content: ColumnType<ListContent, ListContent | undefined, never>;
  source: Nullable<string>;
  licence: Nullable<string>;
  terms: Nullable<string>;
  expires_at: Nullable<Date>;
  /** A list that is tried out: its matches are recorded and nothing follows from them. */
  shadow: Generated<boolean>;
  /** Radius by signal type, where it differs from the type's own. */
  threshold: NullableJsonColumn<Thresholds>;
  role: Generated<ListRole>;
  rules: NullableJsonColumn<EntryRules>;
  /** Share of media that the list is applied to. */
  sample_ratio: Generated<number>;
  approval: Generated<Approval>;
  current_version: Nullable<number>;
  created_at: Stamp;
}

/** A medium that an entry matched of late. */
export interface EntryMediumTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  /** 63 bits of a keyed digest of its SHA-256. */
  medium: Fixed<string>;
  at: Stamp;
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
  /** Up to where the source of the list had told when it was made; null where it has none. */
  checkpoint: NullableJsonColumn<unknown>;
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
  origin: Fixed<EntryStatusOrigin>;
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
  updated_at: ColumnType<Date, Date | undefined, RawBuilder<Date>>;
  /** Id of the node that writes it, a slash and a random word. */
  holder: Nullable<string>;
}

export interface ApiKeyTable {
  id: Fixed<string>;
  name: string;
  hash: Fixed<Uint8Array>;
  scopes: JsonColumn<readonly string[]>;
  created_at: Stamp;
  revoked_at: Nullable<Date>;
  last_used_at: Nullable<Date>;
  /** Such as `500/s`; null for the rates that hold for all keys. */
  rate: Nullable<string>;
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

export interface SecretTable {
  name: Fixed<string>;
  sealed: Uint8Array;
  created_at: Stamp;
}

export interface SubjectKeyTable {
  subject: Fixed<string>;
  /** Sealed under the master key; null once it was destroyed. */
  sealed: Nullable<Uint8Array>;
  created_at: Stamp;
  erased_at: Nullable<Date>;
}

export interface AccountTable {
  id: Fixed<string>;
  platform: Fixed<string>;
  pseudonym: Fixed<Uint8Array>;
  created_at: Stamp;
}

export interface AccountIdentityTable {
  account_id: Fixed<string>;
  sealed: Fixed<Uint8Array>;
}

export interface EventTable {
  id: Fixed<string>;
  /** The transaction that wrote it; given by the database. */
  xid: Generated<number>;
  kind: Fixed<string>;
  version: Fixed<number>;
  at: ColumnType<Date, Date, never>;
  actor: Fixed<string>;
  subject: Fixed<string>;
  refs: JsonColumn<unknown>;
  commitment: Fixed<Uint8Array>;
}

export interface EventPayloadTable {
  event_id: Fixed<string>;
  subject: Fixed<string>;
  sealed: Fixed<Uint8Array>;
}

export interface EventBatchTable {
  number: Fixed<number>;
  from_xid: Fixed<number>;
  until_xid: Fixed<number>;
  events: Fixed<number>;
  root: Fixed<Uint8Array>;
  previous: Fixed<Uint8Array>;
  hash: Fixed<Uint8Array>;
  sealed_at: ColumnType<Date, Date, never>;
}

/** `newest`: what was sealed since the last time; `whole`: all of it, a piece at a time. */
export type VerificationPart = 'newest' | 'whole';

export interface EventVerificationTable {
  part: Fixed<VerificationPart>;
  /** The pass that is under way has come to this batch. */
  number: Generated<number>;
  hash: Uint8Array;
  /** What it has found so far: how often, by kind. */
  found: JsonColumn<Readonly<Record<string, number>>>;
  next_at: Stamp;
  leased_by: Nullable<string>;
  leased_until: Nullable<Date>;
  /** When the last pass ended, how far it came, and what it found. */
  verified_at: Nullable<Date>;
  verified_number: Nullable<number>;
  verified_hash: Nullable<Uint8Array>;
  verified_found: NullableJsonColumn<Readonly<Record<string, number>>>;
}

export interface OutboxTable {
  id: Fixed<string>;
  position: Generated<number>;
  kind: Fixed<string>;
  subject: Fixed<string>;
  idempotency_key: Fixed<string>;
  sealed: Fixed<Uint8Array>;
  /** Id of the event that it follows from. */
  cause: Nullable<string>;
  state: Generated<OutboxState>;
  attempts: Generated<number>;
  next_at: Stamp;
  leased_by: Nullable<string>;
  leased_until: Nullable<Date>;
  /** Code of an error. */
  last_error: Nullable<string>;
  created_at: Stamp;
  finished_at: Nullable<Date>;
}

export interface WebhookTable {
  id: Fixed<string>;
  name: string;
  /** Its address and its secret. */
  sealed: Uint8Array;
  kinds: JsonColumn<readonly string[]>;
  active: Generated<boolean>;
  created_by: Fixed<string>;
  created_at: Stamp;
}

export interface AttentionTable {
  id: Fixed<string>;
  kind: Fixed<string>;
  /** What makes two occurrences one. */
  cause: Fixed<string>;
  subject: Fixed<string>;
  state: Generated<AttentionState>;
  count: Generated<number>;
  detail: JsonColumn<unknown>;
  due: Date;
  first_at: Stamp;
  last_at: Stamp;
  alarmed_at: Nullable<Date>;
  changed_by: Nullable<string>;
  note: Nullable<string>;
  resolved_at: Nullable<Date>;
}

export interface AttentionBacklogTable {
  attention_id: Fixed<string>;
  item_id: Fixed<string>;
  at: Stamp;
}

export interface NodeTable {
  id: Fixed<string>;
  name: Fixed<string>;
  role: Fixed<NodeRole>;
  version: Fixed<string>;
  applied_seq: Generated<number>;
  ready: Generated<boolean>;
  started_at: Stamp;
  seen_at: Stamp;
  left_at: Nullable<Date>;
}

export interface ItemTable {
  id: Fixed<string>;
  platform: Fixed<string>;
  platform_id: Fixed<string>;
  /** SHA-256 of what was handed in, so that the same id with another content is noticed. */
  fingerprint: Fixed<Uint8Array>;
  account_id: Nullable<string>;
  surface: Fixed<Surface>;
  room: Nullable<string>;
  lane: Lane;
  /** Text, links and where the media are. */
  sealed: Fixed<Uint8Array>;
  state: Generated<ItemState>;
  published_at: Nullable<Date>;
  received_at: Stamp;
  told_at: Nullable<Date>;
  /** Of a message that was edited; empty for the first. */
  revision: ColumnType<string, string | undefined, never>;
  /** When it was no longer there on the platform, as far as we were told. */
  gone_at: Nullable<Date>;
  /** When the platform told us of it. */
  seen_at: Nullable<Date>;
  /** What the platform groups it by with others that were shared together. */
  album: ColumnType<string | null, string | null | undefined, never>;
}

export interface ItemMediumTable {
  item_id: Fixed<string>;
  ordinal: Fixed<number>;
  /** Its bytes in the blob store; null when it is fetched, or was looked at and let go. */
  blob: Nullable<string>;
  sha256: Nullable<Uint8Array>;
}

export interface VerdictTable {
  /** UTC, as YYYY-MM-DD. */
  day: ColumnType<Date, string, never>;
  id: Fixed<string>;
  item_id: Nullable<string>;
  /** Ordinal of the medium in its item. */
  medium: Generated<number>;
  verdict: Fixed<'match' | 'no-match' | 'could-not-tell'>;
  reason: Nullable<string>;
  detail: JsonColumn<unknown>;
  engine: Fixed<string>;
  applied_seq: Fixed<number>;
  node: Fixed<string>;
  at: ColumnType<Date, Date, never>;
}

export interface VerdictMinuteTable {
  minute: ColumnType<Date, Date, never>;
  node: Fixed<string>;
  surface: Fixed<string>;
  verdict: Fixed<string>;
  reason: Generated<string>;
  count: number;
  milliseconds: number;
}

export interface WorkTable {
  id: Fixed<string>;
  lane: Lane;
  attempts: Generated<number>;
  available_at: Stamp;
  leased_until: Nullable<Date>;
  queued_at: Stamp;
}

export interface PrivateSwitchTable {
  id: Fixed<string>;
  jurisdiction: Fixed<string>;
  legal_basis: Fixed<string>;
  until: ColumnType<Date, Date, never>;
  switched_on_by: Fixed<string>;
  switched_on_at: Stamp;
  switched_off_by: Nullable<string>;
  switched_off_at: Nullable<Date>;
}

export interface ProposalTable {
  id: Fixed<string>;
  list_id: Fixed<string>;
  act: Fixed<ProposalAct>;
  entry_id: Fixed<string>;
  state: Generated<ProposalState>;
  /** What is proposed; null once it was decided. */
  sealed: Nullable<Uint8Array>;
  /** How many signals of each type it holds. */
  signals: JsonColumn<Readonly<Record<string, number>>>;
  reason: Fixed<string>;
  /** The verdict that it follows from. */
  verdict_id: Nullable<string>;
  /** When the entry ends. */
  until: Nullable<Date>;
  proposed_by: Fixed<string>;
  proposed_at: Stamp;
  /** When the proposal lapses. */
  closes_at: Fixed<Date>;
  decided_by: Nullable<string>;
  decided_at: ColumnType<Date | null, Date | null | undefined, RawBuilder<Date>>;
  decision_reason: Nullable<string>;
}

export interface EntryTermTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  until: Date;
  ended_at: Nullable<Date>;
}

export interface DerivedSignalTable {
  id: Fixed<string>;
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  sealed: Fixed<Uint8Array>;
  proposal_id: Fixed<string>;
  /** Null while its proposal waits. */
  approved_at: ColumnType<Date | null, RawBuilder<Date> | null, RawBuilder<Date>>;
  made_at: Stamp;
  withdrawn_at: ColumnType<Date | null, Date | null | undefined, RawBuilder<Date>>;
  withdrawn_by: Nullable<string>;
}

export interface JudgementTable {
  id: Fixed<string>;
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  verdict_id: Fixed<string>;
  medium: Fixed<number>;
  opinion: MatchOpinion;
  signal: Fixed<string>;
  shadow: Fixed<boolean>;
  reason: string;
  judged_by: string;
  judged_at: ColumnType<Date, Date | undefined, RawBuilder<Date>>;
}

export interface SourceOpinionTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  opinion: MatchOpinion;
  round: number;
}

export interface RetroNodeTable {
  node: Fixed<string>;
  since: Stamp;
}

export type RetroCause = 'baseline' | 'published' | 'asked' | 'restored';
export type RetroState = 'waiting' | 'running' | 'done' | 'stopped';
/** `shadow`: recorded only; `held`: one of too many of one entry, for people to look at in one. */
export type RetroOutcome = 'told' | 'shadow' | 'held';

export interface RetroRunTable {
  id: Fixed<string>;
  node: Fixed<string>;
  list_id: Fixed<string>;
  /** Entries that this version did not have are tried; null: all of them. */
  from_version: Nullable<number>;
  to_version: number;
  /** Ids of entries that match again, which are tried too, wherever they stand in the newer version. */
  restored: JsonColumn<unknown>;
  /** The change by which the newer version came: what was looked up with it has met its entries. */
  seq: number;
  cause: Fixed<RetroCause>;
  state: RetroState;
  /** Runs that go through the seen records together have one. */
  pass: Nullable<string>;
  /** The newest file that the pass looks at. */
  until_file: Nullable<string>;
  entries: Generated<number>;
  files: Generated<number>;
  files_done: Generated<number>;
  records: Generated<number>;
  hashes: Generated<number>;
  finds: Generated<number>;
  damaged: Generated<number>;
  /** Code of an error; the run is tried again. */
  last_error: Nullable<string>;
  created_at: Stamp;
  started_at: Nullable<Date>;
  finished_at: Nullable<Date>;
}

export interface RetroFileTable {
  pass: Fixed<string>;
  portion: Fixed<number>;
  file: Fixed<string>;
}

export interface RetroFindTable {
  id: Fixed<string>;
  key: Fixed<Uint8Array>;
  run_id: Fixed<string>;
  list_id: Fixed<string>;
  version: Fixed<number>;
  entry_id: Fixed<string>;
  item_id: Fixed<string | null>;
  /** Ordinal of the medium in its item. */
  medium: Fixed<number | null>;
  /** Keyed hash of what its sender called the medium. */
  reference: Fixed<Uint8Array | null>;
  /** Under whose key the rest is sealed. */
  subject: Fixed<string>;
  detail: JsonColumn<unknown>;
  sealed: Fixed<Uint8Array>;
  outcome: Fixed<RetroOutcome>;
  seen_at: ColumnType<Date, Date, never>;
  found_at: Stamp;
}

export interface PublicationKeyTable {
  id: Fixed<string>;
  sealed: Uint8Array;
  created_at: Stamp;
  /** When it signs no longer; null for the newest. */
  until: Nullable<Date>;
}

export interface PublicationTable {
  list_id: Fixed<string>;
  /** Drawn anew each time it is switched on: what was read before counts no longer. */
  epoch: Fixed<string>;
  terms: string;
  reason: string;
  /** Of the entries that are given away; null for all. */
  grades: NullableJsonColumn<readonly string[]>;
  /** Of the members that get it; null for all. */
  jurisdictions: NullableJsonColumn<readonly string[]>;
  /** Members that doubt an entry before it is put before a person. */
  doubts: number;
  switched_on_by: string;
  switched_on_at: Stamp;
  applied_seq: number;
  /** Ids of the segments whose entries were compared last. */
  segments: JsonColumn<readonly string[]>;
  last_seq: Generated<number>;
  floor_seq: Generated<number>;
  floor_at: Stamp;
}

export interface PublicationChangeTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  seq: number;
  at: ColumnType<Date, Date, Date>;
}

export interface MemberTable {
  id: Fixed<string>;
  name: string;
  hash: Uint8Array;
  /** Ids of lists; null for all that are published. */
  lists: NullableJsonColumn<readonly string[]>;
  grades: NullableJsonColumn<readonly string[]>;
  jurisdictions: JsonColumn<readonly string[]>;
  rate: Nullable<string>;
  created_by: Fixed<string>;
  created_at: Stamp;
  revoked_at: Nullable<Date>;
  seen_at: Nullable<Date>;
}

export interface MemberOpinionTable {
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  member_id: Fixed<string>;
  affirmative: boolean;
  /** The type of the signal that matched. */
  signal: string;
  reason: Nullable<string>;
  at: Stamp;
}

export interface SourceTable {
  id: Fixed<string>;
  name: string;
  kind: Fixed<string>;
  /** Null for a source that has no list of its own here, such as a remote matcher. */
  list_id: Fixed<string | null>;
  settings: JsonColumn<unknown>;
  /** Its credentials; null when it needs none. */
  sealed: Nullable<Uint8Array>;
  enabled: Generated<boolean>;
  every_seconds: number;
  /** A sync that would remove more of the list than this waits for a person. */
  hold_percent: Generated<number>;
  checkpoint: NullableJsonColumn<unknown>;
  /** The next sync begins anew, and what is not told then is no longer on the list. */
  anew: Generated<boolean>;
  state: Generated<SourceOutcome>;
  /** Code of an error. */
  last_error: Nullable<string>;
  /** Attempts that failed since the last that did not. */
  failures: Generated<number>;
  counts: JsonColumn<unknown>;
  set_aside: JsonColumn<unknown>;
  /** Signals of types that are not known here, by the source's name for each: how many were told. */
  unused: JsonColumn<unknown>;
  /** What it has removed lately. */
  removals: NullableJsonColumn<unknown>;
  /** The change that is put before a person. */
  held: NullableJsonColumn<unknown>;
  next_at: ColumnType<Date, Date | undefined, Date | RawBuilder<Date>>;
  leased_by: Nullable<string>;
  leased_until: Nullable<Date>;
  tried_at: Nullable<Date>;
  synced_at: Nullable<Date>;
  /** When it last told something new. */
  changed_at: Nullable<Date>;
  created_by: Fixed<string>;
  created_at: Stamp;
}

/** A list by the name that clients of Hasher-Matcher-Actioner know. */
export interface BankTable {
  name: string;
  list_id: Fixed<string>;
}

/** An entry by the number that they know. */
export interface BankContentTable {
  id: Generated<number>;
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  /** Until then it does not match, and afterwards it does again. */
  disabled_until: Nullable<Date>;
  deleted_at: Nullable<Date>;
  /** What was noted of it. */
  sealed: Nullable<Uint8Array>;
}

export interface ExchangeCredentialTable {
  api: Fixed<string>;
  sealed: Uint8Array;
}

export interface PlatformTable {
  id: Fixed<string>;
  name: Fixed<string>;
  kind: Fixed<string>;
  settings: JsonColumn<unknown>;
  /** Its credentials; null when it needs none. */
  sealed: Nullable<Uint8Array>;
  enabled: Generated<boolean>;
  /** What would be done is written down and not sent. */
  dry_run: Generated<boolean>;
  /** What its connection remembers between starts. */
  memory: NullableJsonColumn<unknown>;
  state: Generated<PlatformState>;
  last_error: Nullable<string>;
  failures: Generated<number>;
  next_at: ColumnType<Date, Date | undefined, Date | RawBuilder<Date>>;
  leased_by: Nullable<string>;
  leased_until: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  connected_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  /** When the platform last told something. */
  heard_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  created_by: Fixed<string>;
  created_at: Stamp;
}

/** An entry and an item that it matched. */
export interface ItemMatchTable {
  item_id: Fixed<string>;
  medium: Fixed<number>;
  list_id: Fixed<string>;
  entry_id: Fixed<string>;
  at: Stamp;
}

/** An item and 63 bits of a keyed digest of the SHA-256 of one of its media. */
export interface ItemCopyTable {
  medium: Fixed<string>;
  item_id: Fixed<string>;
  /** Of the medium in the item. */
  ordinal: Fixed<number>;
}

export interface PolicyVersionTable {
  number: Fixed<number>;
  state: Generated<'draft' | 'active' | 'retired'>;
  source: Fixed<string>;
  note: Fixed<string>;
  created_by: Fixed<string>;
  created_at: Stamp;
  activated_by: Nullable<string>;
  activated_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
}

export interface ModerationCaseTable {
  id: Fixed<string>;
  subject_kind: Fixed<SubjectKind>;
  subject_id: Fixed<string>;
  platform: Fixed<string>;
  state: Generated<'open' | 'decided'>;
  priority: number;
  /** Why it was opened first, in kebab-case. */
  cause: Fixed<string>;
  item_id: Fixed<string | null>;
  verdict_id: Fixed<string | null>;
  /** Of an outside scorer; the highest. */
  score: Nullable<number>;
  reports: Generated<number>;
  opened_by: Fixed<string>;
  opened_at: Stamp;
  due: Date;
  decision: Nullable<CaseDecision>;
  decided_by: Nullable<string>;
  decided_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  /** What people wrote. */
  sealed: Nullable<Uint8Array>;
}

export interface ActionTable {
  id: Fixed<string>;
  act: Fixed<string>;
  platform: Fixed<string>;
  subject_kind: Fixed<SubjectKind>;
  subject_id: Fixed<string>;
  /** Rises when the same is done again after it was undone. */
  round: Generated<number>;
  item_id: Nullable<string>;
  verdict_id: Nullable<string>;
  case_id: Nullable<string>;
  /** The entry that it rests on. */
  list_id: Nullable<string>;
  entry_id: Nullable<string>;
  /** Name of the rule that proposed it, or who did. */
  rule: Fixed<string>;
  policy_version: Nullable<number>;
  /** In kebab-case, fit for the outside. */
  reason: Fixed<string>;
  /** For the author or the room, in plain words. */
  message: Nullable<string>;
  state: ActionState;
  /** What kept it from being ordered, see `Hold` in the enforcement. */
  held_by: Nullable<string>;
  dry_run: Generated<boolean>;
  /** What the platform said, or the code of an error. */
  outcome: Nullable<string>;
  undoes: Nullable<string>;
  /** Id of the event that it follows from. */
  cause: Nullable<string>;
  /** The effect that carries it, once it was ordered; the latest when it was ordered again. */
  effect_id: Nullable<string>;
  seen_at: Nullable<Date>;
  fetched_at: Nullable<Date>;
  verdict_at: Nullable<Date>;
  proposed_at: Stamp;
  ordered_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  ordered_by: Nullable<string>;
  ended_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
}

export interface EnforcementStopTable {
  id: Fixed<string>;
  /** Empty: all platforms. */
  platform: Fixed<string>;
  reason: Fixed<string>;
  stopped_by: Fixed<string>;
  stopped_at: Stamp;
  lifted_by: Nullable<string>;
  lifted_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
}

export interface ExemptionTable {
  id: Fixed<string>;
  platform: Fixed<string>;
  subject_kind: Fixed<'account' | 'room'>;
  subject_id: Fixed<string>;
  reason: Fixed<string>;
  until: Fixed<Date>;
  granted_by: Fixed<string>;
  granted_at: Stamp;
  ended_by: Nullable<string>;
  ended_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
}

export interface EvidenceTable {
  id: Fixed<string>;
  item_id: Fixed<string>;
  /** Ordinal of the medium in its item. */
  medium: Fixed<number>;
  state: Generated<EvidenceState>;
  blob: Nullable<string>;
  bytes: Nullable<number>;
  sha256: Nullable<Uint8Array>;
  last_error: Nullable<string>;
  attempts: Generated<number>;
  next_at: ColumnType<Date, Date | undefined, Date | RawBuilder<Date>>;
  wanted_at: Stamp;
  sealed_at: ColumnType<Date | null, Date | null | undefined, Date | null | RawBuilder<Date>>;
  retain_until: Date;
}

export interface Schema {
  platform: PlatformTable;
  item_match: ItemMatchTable;
  item_copy: ItemCopyTable;
  policy_version: PolicyVersionTable;
  moderation_case: ModerationCaseTable;
  action: ActionTable;
  enforcement_stop: EnforcementStopTable;
  exemption: ExemptionTable;
  evidence: EvidenceTable;
  bank: BankTable;
  bank_content: BankContentTable;
  exchange_credential: ExchangeCredentialTable;
  retro_node: RetroNodeTable;
  retro_run: RetroRunTable;
  retro_file: RetroFileTable;
  retro_find: RetroFindTable;
  list: ListTable;
  list_version: ListVersionTable;
  segment: SegmentTable;
  version_segment: VersionSegmentTable;
  entry_status: EntryStatusTable;
  entry_medium: EntryMediumTable;
  list_change: ListChangeTable;
  import_run: ImportRunTable;
  api_key: ApiKeyTable;
  instance: InstanceTable;
  migration: MigrationTable;
  secret: SecretTable;
  subject_key: SubjectKeyTable;
  account: AccountTable;
  account_identity: AccountIdentityTable;
  event: EventTable;
  event_payload: EventPayloadTable;
  event_batch: EventBatchTable;
  event_verification: EventVerificationTable;
  outbox: OutboxTable;
  webhook: WebhookTable;
  attention: AttentionTable;
  attention_backlog: AttentionBacklogTable;
  node: NodeTable;
  item: ItemTable;
  item_medium: ItemMediumTable;
  verdict: VerdictTable;
  verdict_minute: VerdictMinuteTable;
  work: WorkTable;
  private_switch: PrivateSwitchTable;
  proposal: ProposalTable;
  entry_term: EntryTermTable;
  derived_signal: DerivedSignalTable;
  judgement: JudgementTable;
  source_opinion: SourceOpinionTable;
  publication_key: PublicationKeyTable;
  publication: PublicationTable;
  publication_change: PublicationChangeTable;
  member: MemberTable;
  member_opinion: MemberOpinionTable;
  source: SourceTable;
}

export type ListRow = Selectable<ListTable>;
export type EntryStatusRow = Selectable<EntryStatusTable>;
export type ImportRunRow = Selectable<ImportRunTable>;
export type ApiKeyRow = Selectable<ApiKeyTable>;
