import type { z } from 'zod';
import type { Entry } from '../../index/entry.js';
import type { GuardedClient } from '../../net/guarded-client.js';
import type { ListFormat, ParserOptions } from '../formats/list-parser.js';
import type { ImportInput } from '../import-source.js';

/** A record that could not be used. It stops nothing, and is told: what was wrong, and which one, never its value. */
export interface SetAside {
  /** In kebab-case, such as `malformed-record`. */
  readonly reason: string;
  /** The source's own id of the record, or where it stood. */
  readonly where: string;
}

/** One change that a source tells of. The same id again takes the place of what was there. */
export type SourceChange = { readonly put: Entry } | { readonly remove: string };

/** A bounded piece of what a source tells: at most some thousand changes, in the order in which they count. */
export interface SourcePage {
  readonly changes: readonly SourceChange[];
  readonly setAside: readonly SetAside[];
  /** Where to go on once these changes are stored: it is committed with them, as JSON. A page may move nothing. */
  readonly checkpoint: unknown;
  /** True for the page after which the source has nothing more. */
  readonly upToDate: boolean;
  /**
   * Set on the first page when the checkpoint was too old for the source and it begins anew: what was there before and
   * is not told again, up to and with the page that is up to date, is no longer on the list.
   */
  readonly restart?: boolean;
  /** Signals of types that we do not know, by the source's name for each: how many. */
  readonly unused?: Readonly<Record<string, number>>;
}

/** What a test of the connection found out, for people: such as `member: Example`. Never a credential. */
export type SourceFacts = Readonly<Record<string, string>>;

/** What we tell a source of one of its entries. */
export interface SourceFeedback {
  readonly entryId: string;
  readonly opinion: 'confirmed' | 'refuted';
  /** The type of the signal that matched. */
  readonly signal: string;
  /** The value of that signal, in hexadecimal, for exchanges that know no ids. It stays sealed until it leaves. */
  readonly value: string;
}

interface AnySource {
  /** Asks the source for something small. @throws VigieError `source-refused`, `source-unreachable`, `source-malformed` */
  test(signal: AbortSignal): Promise<SourceFacts>;
  /** Tells the source; telling twice does no harm. Absent where the exchange takes no feedback. */
  feedback?(feedback: SourceFeedback, signal: AbortSignal): Promise<void>;
}

/** A source that tells what has changed since a checkpoint. */
export interface DeltaSource extends AnySource {
  readonly shape: 'delta';
  /**
   * Tells everything since a checkpoint, oldest range first; ends after a page that is `upToDate`, or earlier to be
   * called again.
   * @param checkpoint undefined: from the beginning. One that is too old for the source begins anew with `restart`
   * @throws VigieError `source-refused`, `source-unreachable` (with `retryAfter` when it was told), `source-malformed`
   */
  pull(checkpoint: unknown, signal: AbortSignal): AsyncIterable<SourcePage>;
}

/** A whole list in a file format. What is not in it is no longer on the list. */
export interface Snapshot extends ParserOptions {
  readonly input: ImportInput;
  readonly format: ListFormat | 'auto';
  /** How people call it. */
  readonly name: string;
  /** Such as an ETag. Committed with the version that is made of it. */
  readonly checkpoint: unknown;
}

/** A source that gives the whole list each time. */
export interface SnapshotSource extends AnySource {
  readonly shape: 'snapshot';
  /**
   * @param use is given the whole list, and reads it within the call
   * @returns what `use` returned; undefined when nothing has changed since the checkpoint
   */
  fetch<T>(checkpoint: unknown, signal: AbortSignal, use: (snapshot: Snapshot) => Promise<T>): Promise<T | undefined>;
}

export type Source = DeltaSource | SnapshotSource;

/** What a source is opened with, beside its own settings. */
export interface SourceHouse {
  readonly client: GuardedClient;
  /** The time, replaceable for tests; milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * One kind of source: an exchange or a way of getting a file. The schemas are what the API validates with and what the
 * page makes its form from: every field has a `describe`; one that may be left out has a default or means nothing then.
 */
export interface SourceKind<Settings = unknown, Credentials = unknown> {
  /** In kebab-case, such as `ncmec`. */
  readonly kind: string;
  readonly title: string;
  /** One sentence for people who choose. */
  readonly description: string;
  readonly settings: z.ZodType<Settings>;
  /** Sealed in the database; never shown again. Undefined when it needs none. */
  readonly credentials: z.ZodType<Credentials> | undefined;
  /** How often it is asked unless told otherwise, seconds. */
  readonly everySeconds: number;
  /** Nothing new for so long is an alarm, seconds; undefined where that is normal. */
  readonly staleSeconds: number | undefined;
  open(settings: Settings, credentials: Credentials, house: SourceHouse): Source;
}
