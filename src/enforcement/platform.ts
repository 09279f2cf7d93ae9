import type { Logger } from 'pino';
import type { z } from 'zod';
import type { GuardedClient } from '../net/guarded-client.js';
import type { Act, Order, Outcome } from './acts.js';

/** What a connection hands in: something that was shared, as `ItemDraft` without the name of its platform. */
export interface SharedItem {
  /** The platform's own id of it, the same for all its revisions. Acts name it by this. */
  readonly id: string;
  /** Empty for the first content; another one for each edit. */
  readonly revision?: string;
  readonly account?: string;
  readonly room?: string;
  readonly album?: string;
  readonly surface: 'public' | 'private';
  /** ISO 8601 with offset. */
  readonly sharedAt?: string;
  /** When the connection was told of it. */
  readonly seenAt: Date;
  readonly text?: string;
  readonly links?: readonly (string | { readonly url: string; readonly from: 'entity' | 'button' })[];
  readonly media?: readonly SharedMedium[];
  readonly lane?: 'live' | 'backfill';
}

/** A medium by its URL, or by what the kind's `fetch` takes. */
export type SharedMedium = {
  /** The platform's own id of the file, where the same id is the same bytes for ever. */
  readonly fileId?: string;
  readonly name?: string;
  readonly caption?: string;
} & ({ readonly url: string; readonly ref?: undefined } | { readonly ref: string; readonly url?: undefined });

/** A user says that something should be looked at. */
export interface SharedReport {
  /** Id of the item, which was handed in before or with it. */
  readonly item: string;
  /** The platform's own id of who reports. */
  readonly reporter: string;
  /** In kebab-case, such as `abuse` or `spam`. */
  readonly reason: string;
  readonly text?: string;
}

/** What a connection needs of the house. Every call is bounded in time and may be made again. */
export interface PlatformIntake {
  /**
   * Hands something in, however long its texts and however many its media are; it is stored when this returns. The same
   * id with another content is looked at as well.
   * @throws VigieError `queue-full` (with `retryAfter`), `surface-private`, those of the database
   */
  hand(item: SharedItem): Promise<{ readonly id: string; readonly fresh: boolean }>;
  /** Says that things are no longer there: their author or a moderator took them down. */
  gone(items: readonly string[]): Promise<void>;
  report(report: SharedReport): Promise<void>;
  /** Says that something of the platform needs its operator, such as rights that are missing in a room. One attention a cause. */
  trouble(trouble: { readonly code: string; readonly room?: string }): Promise<void>;
  settled(trouble: { readonly code: string; readonly room?: string }): Promise<void>;
  /** What `remember` was given last, also before a restart; undefined at first. */
  readonly memory: unknown;
  /** Keeps JSON for the next start. Once this returns it is stored: what it stands for must be stored before. */
  remember(memory: unknown): Promise<void>;
  /** The platform told something: the connection is alive. Cheap; call it often. */
  heard(): void;
}

/** What a test of the connection found out, for people, such as `bot: @example`. Never a credential. */
export type PlatformFacts = Readonly<Record<string, string>>;

/** A connection to a platform. One process holds it at a time. */
export interface Platform {
  /** What it can do; what it cannot goes before a person. */
  readonly acts: ReadonlySet<Act>;
  /**
   * Connects and hands in what is shared until it is aborted, then lets go of everything. Reconnects by itself through
   * troubles of minutes.
   * @throws VigieError `platform-refused` for wrong credentials and missing rights that a person must mend;
   *   `platform-unreachable` when it cannot go on. It is started again later, with a back-off
   */
  run(intake: PlatformIntake, signal: AbortSignal): Promise<void>;
  /**
   * Carries an order out and returns once the platform has confirmed it. The same order again changes nothing.
   * @throws VigieError `act-unsupported`, `act-too-late`, `act-refused` (rights are missing): nobody tries again, a person
   *   sees to it; `platform-busy` with `retryAfter`, `platform-unreachable`, `act-unconfirmed` (it said yes, and it is still
   *   there), `act-awaited` (it took the order, and will confirm it later): tried again
   */
  act(order: Order, signal: AbortSignal): Promise<Outcome>;
  /**
   * Takes in what the platform delivered by itself; it is stored when this returns. The same again changes nothing.
   * @throws VigieError `delivery-untaken` and others: it has to be delivered again
   */
  deliver?(body: unknown, signal: AbortSignal): Promise<void>;
}

/** A header of a delivery, by its name in lower case. */
export type DeliveryHeaders = (name: string) => string | undefined;

/** What a connection is opened with, beside its own settings. */
export interface PlatformHouse {
  readonly client: GuardedClient;
  /** Never told of a credential, an account or what was shared. */
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds since 1970, replaceable for tests. */
  readonly now: () => number;
  /** Name of the platform, where it has one by now. */
  readonly name?: string;
}

/**
 * One kind of platform. The schemas are what the API validates with and what the page makes its form from: every field
 * has a `describe`; one that may be left out has a default or means nothing then.
 */
export interface PlatformKind<Settings = unknown, Credentials = unknown> {
  /** In kebab-case, such as `telegram`. */
  readonly kind: string;
  readonly title: string;
  /** One sentence for people who choose. */
  readonly description: string;
  readonly settings: z.ZodType<Settings>;
  /** Sealed in the database; never shown again. Undefined when it needs none. */
  readonly credentials: z.ZodType<Credentials> | undefined;
  /** For platforms that tell by deliveries over HTTP: they come to `/v1/platforms/<name>/deliveries`. */
  readonly deliveries?: {
    /** Whether it tells so with these settings. Then only a process that listens can hold the connection. */
    expected(settings: Settings): boolean;
    /** Whether a delivery comes from the platform. Takes as long for a wrong proof as for a right one. */
    isGenuine(credentials: Credentials, headers: DeliveryHeaders): boolean;
  };
  /** Asks the platform for something small. @throws VigieError `platform-refused`, `platform-unreachable` */
  test(settings: Settings, credentials: Credentials, house: PlatformHouse, signal: AbortSignal): Promise<PlatformFacts>;
  open(settings: Settings, credentials: Credentials, house: PlatformHouse): Platform;
  /** Whether such a platform may take an order first and confirm it through the API later; none does when left out. */
  confirmsLater?(settings: Settings): boolean;
  /**
   * Fetches a medium by its `ref`; needs no connection, as any process may have to.
   * @throws VigieError `fetch-failed`, `fetch-timeout`, `media-too-large`, `platform-refused`, `platform-busy` with `retryAfter`
   */
  fetch?(
    settings: Settings,
    credentials: Credentials,
    house: PlatformHouse,
    ref: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}
