import type { SealedBlobStore } from '../lists/sealed-blob-store.js';
import type { Scanner } from '../scan/scanner.js';
import type { KnownWords } from '../scan/words/look-at-words.js';
import { Accounts, type PlatformAccount, type SealForSubject } from '../storage/accounts/accounts.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { openSecret } from '../storage/secrets.js';
import { VerdictStore } from '../storage/verdicts/verdict-store.js';
import type { WorkStream } from '../storage/work/work-stream.js';
import type { EnqueueMatch, FetchFromPlatform, FollowVerdict, LookFurther, RaiseAttention } from './intake-parts.js';
import { ItemMedia } from './item-media.js';
import { ItemUpkeep } from './item-upkeep.js';
import { Items } from './items.js';
import { PrivateSurfaces } from './private-surfaces.js';
import { ScanLoop } from './scan-loop.js';
import { ScanVerdicts } from './scan-verdicts.js';
import { ScanWorker, type ScanWorkerOptions } from './scan-worker.js';

export interface IntakeOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly stream: WorkStream;
  readonly scanner: Scanner;
  /** The lists of URLs and keywords. */
  readonly words?: KnownWords | undefined;
  /** Where the bytes of media lie until their verdict, sealed; shared by the nodes. */
  readonly blobs: SealedBlobStore;
  /** Judges where a medium is to be fetched from, as far as that goes at intake. */
  readonly assertUrl: (url: string) => void;
  readonly fetch?: FetchFromPlatform | undefined;
  readonly record: RecordEvent;
  readonly enqueueMatch: EnqueueMatch;
  readonly followVerdict?: FollowVerdict | undefined;
  readonly lookFurther?: LookFurther | undefined;
  readonly raiseAttention: RaiseAttention;
  readonly sealForSubject: SealForSubject;
  /** Name of this node. */
  readonly node: string;
  /** Whether verdicts can be given now. */
  readonly ready: () => boolean;
  /** Media that are looked at at once: some more than there are decoders, so that these never wait. */
  readonly scansAtOnce: number;
  /** Told what kept an item from its end, or a chore from being done; both come again. */
  readonly failed: (error: unknown) => void;
  readonly countedWords?: NonNullable<ScanWorkerOptions['countedWords']>;
  /** Told of each verdict on a medium, for the figures. */
  readonly counted?: NonNullable<ScanWorkerOptions['counted']>;
  readonly mostWaiting?: number;
  /** Days that verdicts and items are kept. */
  readonly keepDays?: number;
}

const ITEMS_PER_SCAN = 8;

/** Items in, verdicts stored: all parts of intake on one node. */
export class Intake {
  readonly items: Items;
  readonly media: ItemMedia;
  readonly privateSurfaces: PrivateSurfaces;
  readonly scanVerdicts: ScanVerdicts;
  readonly worker: ScanWorker;
  readonly verdicts: VerdictStore;
  readonly upkeep: ItemUpkeep;
  readonly #loop: ScanLoop;
  readonly #accounts: Accounts;
  readonly #database: Database;

  private constructor(options: IntakeOptions, accounts: Accounts, fingerprintKey: Uint8Array) {
    const { database, keyring, stream, scanner, record, enqueueMatch, raiseAttention, node, keepDays } = options;
    const kept = keepDays === undefined ? {} : { keepDays };
    this.#accounts = accounts;
    this.#database = database;
    const ackIn = stream.transactional?.ack;
    this.media = new ItemMedia(options.blobs, fingerprintKey);
    this.privateSurfaces = new PrivateSurfaces({ database, record });
    this.verdicts = new VerdictStore({ database, ...kept, ...(ackIn === undefined ? {} : { ackIn }) });
    const { media, privateSurfaces, verdicts } = this;
    this.items = new Items({
      database,
      keyring,
      stream,
      accounts,
      media,
      privateSurfaces,
      assertUrl: options.assertUrl,
      fingerprintKey,
      ...(options.mostWaiting === undefined ? {} : { mostWaiting: options.mostWaiting }),
    });
    this.scanVerdicts = new ScanVerdicts({ verdicts, record, enqueueMatch, raiseAttention, node });
    const { scansAtOnce, ready, failed } = options;
    const follows = { record, enqueueMatch, raiseAttention };
    this.worker = new ScanWorker({
      database,
      keyring,
      scanner,
      words: options.words,
      verdicts,
      media,
      privateSurfaces,
      fetch: options.fetch,
      followVerdict: options.followVerdict,
      lookFurther: options.lookFurther,
      ...follows,
      node,
      scansAtOnce,
      ...(options.counted === undefined ? {} : { counted: options.counted }),
      ...(options.countedWords === undefined ? {} : { countedWords: options.countedWords }),
    });
    this.upkeep = new ItemUpkeep({ database, stream, media, ...kept });
    // Most of them wait for the database, which stores many at once.
    const atOnce = ITEMS_PER_SCAN * scansAtOnce;
    this.#loop = new ScanLoop({
      stream,
      atOnce,
      ready,
      failed,
      handle: (work, signal) => this.worker.handle(work, signal),
    });
  }

  /** The stream, the database and the scanner stay their owners'. @throws VigieError of the database and of sealing */
  static async open(options: IntakeOptions): Promise<Intake> {
    const { database, keyring, sealForSubject } = options;
    const accounts = await Accounts.open(database, keyring, sealForSubject);
    const intake = new Intake(options, accounts, await openSecret(database, keyring, 'item-fingerprint'));
    await intake.verdicts.partitions.prepare(new Date());
    return intake;
  }

  /** Items that are being looked at by this node. */
  get underWay(): number {
    return this.#loop.underWay;
  }

  /** The subject that stands for an account of a platform in the record; undefined when it was never met. */
  async subjectOf(account: PlatformAccount): Promise<string | undefined> {
    const id = await this.#accounts.find(this.#database.db, account);
    return id === undefined ? undefined : `account:${id}`;
  }

  /** Begins to take items from the stream. */
  start(): void {
    this.#loop.start();
  }

  /** Keeps partitions, items and media in order; call it every minute or so. */
  async tend(): Promise<void> {
    await this.verdicts.tend();
    await this.upkeep.republish();
  }

  /** Lets go of what is over or belongs to nobody; call it every hour or so. */
  async sweep(): Promise<void> {
    await this.upkeep.dropOld();
    await this.upkeep.sweepMedia();
  }

  /** Takes nothing more and stores what has begun. */
  async close(): Promise<void> {
    await this.#loop.close();
    await this.items.close();
    await this.worker.close();
    await this.verdicts.close();
  }
}
