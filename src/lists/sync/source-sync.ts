import { VigieError } from '../../errors.js';
import { every } from '../../runtime/every.js';
import { kindOf } from '../../runtime/kind-of.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { freeLeases, type Lease } from '../../storage/lease.js';
import { randomId } from '../../storage/random-id.js';
import type { Tx } from '../../storage/schema.js';
import { endSync, leaseDueSource, letGo, renewLease } from '../../storage/source-lease.js';
import type { SourceStore, StoredSource } from '../../storage/source-store.js';
import type { Lists } from '../lists.js';
import type { Source, SourceHouse, SourceKind } from '../sources/source.js';
import type { BatchLimits } from './gather-changes.js';
import { Held } from './removal-guard.js';
import { tellSource } from './source-attention.js';
import { syncDelta } from './sync-delta.js';
import { syncSnapshot } from './sync-snapshot.js';
import { failedWait, regularWait } from './sync-wait.js';

export interface SourceSyncOptions {
  readonly database: Database;
  readonly lists: Lists;
  readonly store: SourceStore;
  readonly kinds: readonly SourceKind[];
  readonly house: SourceHouse;
  /** Name of this process among those that share the database. */
  readonly node: string;
  readonly record?: RecordEvent | undefined;
  /** What went wrong that is nobody's state, such as a database that is away. */
  readonly failed?: ((error: unknown) => void) | undefined;
  readonly limits?: BatchLimits | undefined;
  /** From 0 to 1. */
  readonly random?: (() => number) | undefined;
  readonly leaseMs?: number | undefined;
}

/** How one sync has ended. */
export type SyncOutcome = 'up-to-date' | 'behind' | 'refused' | 'failing' | 'held' | 'lost';

/** What the sync of one source works with. */
export interface SyncWork {
  readonly source: StoredSource & { readonly listId: string; readonly listName: string };
  readonly lease: Lease;
  readonly lists: Lists;
  readonly database: Database;
  readonly record: RecordEvent | undefined;
  readonly limits: BatchLimits | undefined;
  /** Aborted when the service stops, or the source is not ours any more. */
  readonly signal: AbortSignal;
}

const TICK_MS = 1_000;
const LEASE_MS = 60_000;
/** Sources that one process syncs at a time. */
const AT_ONCE = 2;

/** What asking again does not mend: somebody has to look. */
const REFUSALS: ReadonlySet<string> = new Set(['source-refused', 'source-untrusted']);

/**
 * Keeps lists in step with their sources: takes what is due under a lease, so that only one process syncs a source at a
 * time, and writes down how it went. What is stored moves the checkpoint in the same transaction; whatever happens
 * in between is told again by the source.
 */
export class SourceSync {
  readonly #options: SourceSyncOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<unknown>>();
  #ticking: (() => Promise<void>) | undefined;

  constructor(options: SourceSyncOptions) {
    this.#options = options;
  }

  /** Syncs what is due, from now on until `close`. */
  async start(): Promise<void> {
    const { database, failed } = this.#options;
    if (database.dialect === 'embedded') await freeLeases(database.db, 'source');
    this.#ticking ??= every(TICK_MS, () => this.#tick(), failed ?? (() => undefined));
  }

  /** Syncs one source that is due. @returns undefined when none is */
  async syncDue(): Promise<SyncOutcome | undefined> {
    const lease = await this.#lease();
    return lease && (await this.#sync(lease));
  }

  /** Stops; what is under way is let go, and told again to whoever takes it up. */
  async close(): Promise<void> {
    this.#stop.abort(new VigieError('shutting-down'));
    await this.#ticking?.();
    await Promise.all(this.#running.values());
  }

  async #tick(): Promise<void> {
    while (this.#running.size < AT_ONCE && !this.#stop.signal.aborted) {
      const lease = await this.#lease();
      if (lease === undefined) return;
      const run = this.#sync(lease)
        .catch((error) => this.#options.failed?.(error))
        .finally(() => this.#running.delete(lease.id));
      this.#running.set(lease.id, run);
    }
  }

  #lease(): Promise<Lease | undefined> {
    const { database, node } = this.#options;
    const holder = `${node}/${randomId()}`;
    return leaseDueSource(database.db, { holder, leaseMs: this.#leaseMs, except: [...this.#running.keys()] });
  }

  async #sync(lease: Lease): Promise<SyncOutcome> {
    const { database, store, lists, record, limits } = this.#options;
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, lost.signal]);
    const timer = setInterval(() => {
      renewLease(database.db, lease, this.#leaseMs).then(
        (ours) => !ours && lost.abort(new VigieError('source-busy')),
        () => undefined,
      );
    }, this.#leaseMs / 4);
    timer.unref();
    let source: StoredSource | undefined;
    try {
      source = await store.getById(database.db, lease.id);
      const { listId, listName } = source;
      if (listId === null || listName === null) throw new VigieError('internal', { detail: 'a source without a list' });
      const opened = await this.#open(source);
      const work = { source: { ...source, listId, listName }, lease, lists, database, record, limits, signal };
      return await this.#end(lease, source, await run(opened, work));
    } catch (thrown) {
      if (this.#stop.signal.aborted) {
        await letGo(database.db, lease).catch(() => undefined);
        return 'lost';
      }
      if (lost.signal.aborted) return 'lost';
      // Nothing is known of it, such as where it was removed just now; the lease runs out by itself.
      if (source === undefined) throw thrown;
      return await this.#end(lease, source, thrown instanceof Held ? thrown : VigieError.from(thrown));
    } finally {
      clearInterval(timer);
    }
  }

  async #open(source: StoredSource): Promise<Source> {
    const { kinds, house, store, database } = this.#options;
    const kind = kindOf(kinds, source.kind, 'source-kind-unknown');
    const credentials = await store.credentials(database.db, source.id);
    return kind.open(kind.settings.parse(source.settings), kind.credentials?.parse(credentials), house);
  }

  async #end(lease: Lease, before: StoredSource, how: 'up-to-date' | 'behind' | Held | VigieError) {
    const { database, store, kinds, record } = this.#options;
    const { outcome, error, failures, waitMs } = this.#endOf(before, how);
    const held = how instanceof Held ? how.change : outcome === 'up-to-date' ? null : undefined;
    const raised = how instanceof Held && how.change.id !== before.held?.id;
    const ours = await database.transaction(async (tx) => {
      if (!(await endSync(tx, lease, { outcome, error, failures, waitMs, held }))) return false;
      if (how instanceof Held && raised) {
        const { removed, entries } = how.change;
        await this.#tell(record, tx, before.id, { removed, entries });
      }
      await tellSource(
        tx,
        await store.getById(tx, lease.id),
        kinds.find(({ kind }) => kind === before.kind),
      );
      return true;
    });
    return ours ? outcome : 'lost';
  }

  async #tell(record: RecordEvent | undefined, tx: Tx, id: string, refs: { removed: number; entries: number }) {
    await record?.(tx, { kind: 'source.held', subject: `source:${id}`, refs: { source: id, ...refs } });
  }

  #endOf({ everySeconds, failures: before }: StoredSource, how: 'up-to-date' | 'behind' | Held | VigieError) {
    const random = this.#options.random ?? Math.random;
    const regular = regularWait(everySeconds, random);
    if (how === 'up-to-date') return { outcome: how, error: null, failures: 0, waitMs: regular };
    if (how === 'behind') return { outcome: how, error: null, failures: 0, waitMs: Math.min(regular, TICK_MS) };
    if (how instanceof Held) return { outcome: 'held' as const, error: null, failures: 0, waitMs: regular };
    const failures = before + 1;
    const outcome = REFUSALS.has(how.code) ? ('refused' as const) : ('failing' as const);
    return { outcome, error: how.code, failures, waitMs: failedWait(failures, how, random) };
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? LEASE_MS;
  }
}

function run(source: Source, work: SyncWork): Promise<'up-to-date' | 'behind'> {
  return source.shape === 'delta' ? syncDelta(source, work) : syncSnapshot(source, work);
}
