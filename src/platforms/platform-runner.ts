import type { Order, Outcome } from '../enforcement/acts.js';
import type { Platform, PlatformHouse, PlatformKind, SharedReport } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import type { ItemDraft } from '../intake/item-draft.js';
import { abortable } from '../runtime/abortable.js';
import { every } from '../runtime/every.js';
import { kindOf } from '../runtime/kind-of.js';
import type { Database } from '../storage/database.js';
import { freeLeases, type Lease, leaseDue } from '../storage/lease.js';
import {
  endConnection,
  letPlatformGo,
  readPlatformMemory,
  rememberForPlatform,
  renewPlatformLease,
} from '../storage/platform-lease.js';
import type { PlatformStore, StoredPlatform } from '../storage/platform-store.js';
import { randomId } from '../storage/random-id.js';
import { type ConnectionEnds, ConnectionIntake } from './connection-intake.js';
import { connectionWait } from './connection-wait.js';
import { deliveredIds } from './delivered-ids.js';
import { settleTrouble, tellPlatform, tellTrouble } from './platform-attention.js';

export interface PlatformRunnerOptions {
  readonly database: Database;
  readonly store: PlatformStore;
  readonly kinds: readonly PlatformKind[];
  readonly house: PlatformHouse;
  /** Name of this process among those that share the database. */
  readonly node: string;
  readonly items: {
    hand(draft: ItemDraft): Promise<{ readonly id: string; readonly fresh: boolean }>;
    gone(platform: string, ids: readonly string[]): Promise<unknown>;
  };
  readonly report: (platform: string, report: SharedReport) => Promise<void>;
  /** Whether deliveries can reach this process; else platforms that need them are left to others. */
  readonly listens?: boolean | undefined;
  /** Told when this process has come to hold a platform: orders that wait for it can be carried out here. */
  readonly came?: ((platform: string) => void) | undefined;
  /** What went wrong that is nobody's state, such as a database that is away. */
  readonly failed: (error: unknown) => void;
  readonly leaseMs?: number | undefined;
  readonly tickMs?: number | undefined;
  /** How long a connection may take to let go of everything, milliseconds. */
  readonly endMs?: number | undefined;
  /** From 0 to 1. */
  readonly random?: (() => number) | undefined;
}

const TICK_MS = 1_000;
const LEASE_MS = 15_000;
/** Platforms that one process holds at the most. */
const MOST = 32;
const ACT_MS = 30_000;
const DELIVER_AGAIN_S = 2;
/** How long a connection may take to let go of everything, milliseconds. */
const END_MS = 5_000;

interface Held {
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

/**
 * Holds the connections to platforms, each by one process at a time, under a lease: takes what is due, hands in what it
 * tells, makes it anew when it breaks, and carries out orders on those that are held here.
 */
export class PlatformRunner {
  readonly #options: PlatformRunnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #held = new Map<string, Held>();
  #ticking: (() => Promise<void>) | undefined;

  constructor(options: PlatformRunnerOptions) {
    this.#options = options;
  }

  /** Names of the platforms whose connections this process holds. */
  get held(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** Makes the connections that are due, from now on until `close`. */
  async start(): Promise<void> {
    const { database, failed, tickMs = TICK_MS } = this.#options;
    if (database.dialect === 'embedded') await freeLeases(database.db, 'platform');
    this.#ticking ??= every(tickMs, () => this.#tick(), failed);
  }

  /** Whether a platform that is held here can do something of the kind. @throws VigieError `platform-unreachable` */
  can(platform: string, act: Order['act']): boolean {
    return this.#heldHere(platform).platform.acts.has(act);
  }

  /**
   * Carries an order out on a platform that is held here.
   * @throws VigieError of `Platform.act`; `platform-unreachable` when it is not held here, or does not answer in time
   */
  async act(platform: string, order: Order, signal: AbortSignal): Promise<Outcome> {
    const held = this.#heldHere(platform);
    if (!held.platform.acts.has(order.act)) throw new VigieError('act-unsupported');
    const late = AbortSignal.timeout(ACT_MS);
    try {
      const bounded = AbortSignal.any([signal, held.signal, late]);
      return await abortable(held.platform.act(order, bounded), bounded);
    } catch (thrown) {
      if (signal.aborted || thrown instanceof VigieError) throw thrown;
      throw new VigieError('platform-unreachable', { cause: thrown, detail: late.aborted ? 'no answer in time' : '' });
    }
  }

  /**
   * Hands a delivery to the connection that is held here.
   * @throws VigieError `delivery-untaken` with `retryAfter`, also when it is not held here
   */
  async deliver(platform: string, body: unknown, signal: AbortSignal): Promise<void> {
    const held = this.#held.get(platform);
    const again = { retryAfter: DELIVER_AGAIN_S };
    if (held?.platform.deliver === undefined) throw new VigieError('delivery-untaken', again);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(ACT_MS)]);
    try {
      // Apart, as what outlives a call must not keep what belongs to it.
      await abortable(abortable(held.platform.deliver(body, bounded), held.signal), bounded);
    } catch (cause) {
      throw new VigieError('delivery-untaken', { ...again, cause });
    }
  }

  /** Stops; the platforms are let go, for other processes to take. */
  async close(): Promise<void> {
    this.#stop.abort(new VigieError('shutting-down'));
    await this.#ticking?.();
    await Promise.all(this.#running.values());
  }

  #heldHere(platform: string): Held {
    const held = this.#held.get(platform);
    if (held === undefined) throw new VigieError('platform-unreachable', { detail: 'this process does not hold it' });
    return held;
  }

  async #tick(): Promise<void> {
    while (this.#running.size < MOST && !this.#stop.signal.aborted) {
      const { database, node } = this.#options;
      const holder = `${node}/${randomId()}`;
      const except = [...this.#running.keys(), ...(await this.#needListening())];
      const lease = await leaseDue(database.db, 'platform', { holder, leaseMs: this.#leaseMs, except });
      if (lease === undefined) return;
      const run = this.#run(lease)
        .catch(this.#options.failed)
        .finally(() => this.#running.delete(lease.id));
      this.#running.set(lease.id, run);
    }
  }

  async #needListening(): Promise<readonly string[]> {
    const { database, store, kinds, listens = true } = this.#options;
    return listens ? [] : deliveredIds(await store.ls(database.db), kinds);
  }

  async #run(lease: Lease): Promise<void> {
    const { database, store } = this.#options;
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, lost.signal]);
    const stored = await store.getById(database.db, lease.id);
    const beat: Heartbeat = new Heartbeat(() => this.#renew(stored, lease, beat, lost));
    try {
      const platform = await this.#open(stored);
      const memory = await readPlatformMemory(database.db, lease.id);
      const intake = new ConnectionIntake(this.#endsOf(stored, lease, memory, beat));
      this.#held.set(stored.name, { platform, signal });
      beat.start(this.#leaseMs / 4);
      this.#options.came?.(stored.name);
      await this.#connection(stored.name, platform, intake, signal);
      throw new VigieError('platform-unreachable', { detail: 'the connection ended' });
    } catch (thrown) {
      if (this.#stop.signal.aborted) return await letPlatformGo(database.db, lease).catch(() => undefined);
      if (!lost.signal.aborted) await this.#end(lease, stored, VigieError.from(thrown), beat.wasWell);
    } finally {
      beat.stop();
    }
  }

  /** Runs a connection. When this ends it hands nothing in any more: another process may take the platform. */
  async #connection(name: string, platform: Platform, intake: ConnectionIntake, signal: AbortSignal): Promise<void> {
    const running = platform.run(intake, signal);
    try {
      await abortable(running, signal);
    } finally {
      if (this.#held.get(name)?.platform === platform) this.#held.delete(name);
      const late = AbortSignal.timeout(this.#options.endMs ?? END_MS);
      await abortable(running, late).catch(() => undefined);
      intake.close();
    }
  }

  async #renew(stored: StoredPlatform, lease: Lease, beat: Heartbeat, lost: AbortController): Promise<void> {
    const { database, store } = this.#options;
    const heard = beat.takeHeard();
    const ours = await renewPlatformLease(database.db, lease, { leaseMs: this.#leaseMs, heard });
    if (!ours) lost.abort(new VigieError('platform-unreachable', { detail: 'it was changed, or another holds it' }));
    else if (heard && beat.firstTime()) {
      await database.transaction(async (tx) => await tellPlatform(tx, await store.getById(tx, stored.id)));
    }
  }

  #endsOf(stored: StoredPlatform, lease: Lease, memory: unknown, beat: Heartbeat): ConnectionEnds {
    const { database, items, report } = this.#options;
    const { id, name } = stored;
    return {
      name,
      memory,
      hand: (draft) => items.hand(draft),
      gone: async (ids) => {
        await items.gone(name, ids);
      },
      report: (said) => report(name, said),
      trouble: (trouble) => database.transaction((tx) => tellTrouble(tx, { id, name }, trouble)),
      settled: (trouble) => database.transaction((tx) => settleTrouble(tx, id, trouble)),
      remember: (what) => rememberForPlatform(database.db, lease, what),
      heard: () => beat.heard(),
    };
  }

  async #open(stored: StoredPlatform): Promise<Platform> {
    const { kinds, house, store, database } = this.#options;
    const kind = kindOf(kinds, stored.kind, 'platform-kind-unknown');
    const credentials = await store.credentials(database.db, stored.id);
    return kind.open(kind.settings.parse(stored.settings), kind.credentials?.parse(credentials), {
      ...house,
      name: stored.name,
    });
  }

  async #end(lease: Lease, stored: StoredPlatform, error: VigieError, wasWell: boolean): Promise<void> {
    const { database, store, random = Math.random } = this.#options;
    // One that had worked is made again soon, however often it had failed before.
    const failures = wasWell ? 1 : stored.failures + 1;
    const state = error.code === 'platform-refused' ? ('refused' as const) : ('failing' as const);
    const waitMs = connectionWait(failures, error, random);
    await database.transaction(async (tx) => {
      if (!(await endConnection(tx, lease, { state, error: error.code, failures, waitMs }))) return;
      await tellPlatform(tx, await store.getById(tx, stored.id));
    });
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? LEASE_MS;
  }
}

/** Holds on to a platform, at intervals and as soon as it first tells something. */
class Heartbeat {
  readonly #beat: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #beating = false;
  #heard = false;
  #well = false;
  #told = false;

  constructor(beat: () => Promise<void>) {
    this.#beat = beat;
  }

  /** Whether the platform has told anything in this connection. */
  get wasWell(): boolean {
    return this.#well;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => void this.#once(), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  heard(): void {
    const first = !this.#well;
    this.#heard = true;
    this.#well = true;
    if (first) void this.#once();
  }

  takeHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  firstTime(): boolean {
    const first = !this.#told;
    this.#told = true;
    return first;
  }

  async #once(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    // A database that is away for a moment loses no lease; one that is away for longer loses it by the clock.
    await this.#beat().catch(() => undefined);
    this.#beating = false;
  }
}
