import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { KeySet } from '../key-set.js';
import type { DeltaSource, SourcePage } from '../sources/source.js';
import { gatherChanges, type SourceBatch } from './gather-changes.js';
import { Held, RemovalGuard } from './removal-guard.js';
import type { SyncWork } from './source-sync.js';
import { SyncProgress } from './sync-progress.js';

/** A source that says nothing for so long has hung. */
const PAGE_MS = 10 * 60_000;
/** After so long the others have their turn; the source is gone on with in the next. */
const TURN_MS = 60 * 60_000;
/** From so many segments on the list is merged before it grows any more, so that a first sync of millions leaves few. */
const SEGMENTS = 8;

/**
 * Stores what a source tells since its checkpoint, batch by batch, each with its checkpoint.
 * @throws Held when it would remove too much; VigieError of the source, `source-busy`
 */
export async function syncDelta(source: DeltaSource, work: SyncWork): Promise<'up-to-date' | 'behind'> {
  const sync = new DeltaSync(source, work);
  for (const until = performance.now() + TURN_MS; ; ) {
    const how = await sync.pull(until);
    if (how !== 'more') return how;
  }
}

class DeltaSync {
  readonly #source: DeltaSource;
  readonly #work: SyncWork;
  readonly #progress: SyncProgress;
  readonly #guard: RemovalGuard;
  /** All that was told since the source began anew. */
  #told: KeySet | undefined;
  /** Up to where it has told of what it tells anew. */
  #reached: { readonly checkpoint: unknown } | undefined;
  /** Its settings are others than those of its checkpoint. */
  #anew: boolean;

  constructor(source: DeltaSource, work: SyncWork) {
    this.#source = source;
    this.#work = work;
    this.#progress = new SyncProgress(work);
    this.#guard = new RemovalGuard(work.source);
    this.#anew = work.source.anew;
  }

  async pull(until: number): Promise<'up-to-date' | 'behind' | 'more'> {
    const { lists, limits, source, signal } = this.#work;
    let moved = false;
    const stop = new AbortController();
    if (this.#anew) this.#told ??= new KeySet();
    // Until all was told anew, what was reached is known here only.
    const told = this.#told === undefined ? { checkpoint: this.#progress.checkpoint } : this.#reached;
    const checkpoint = told?.checkpoint;
    const pages = inTime(this.#source.pull(checkpoint, AbortSignal.any([signal, stop.signal])), signal);
    try {
      for await (const batch of gatherChanges(pages, limits)) {
        signal.throwIfAborted();
        moved = (await this.#store(batch)) || moved;
        await lists.compact({ list: source.listName, enough: SEGMENTS });
        if (batch.upToDate) return 'up-to-date';
        // What was told since a source began anew is known here only.
        if (performance.now() > until && this.#told === undefined) return 'behind';
      }
    } finally {
      stop.abort(new VigieError('source-unreachable', { detail: 'not waited for any more' }));
    }
    return moved ? 'more' : 'behind';
  }

  /** @returns whether it moved anything */
  async #store(batch: SourceBatch): Promise<boolean> {
    const { lists, source, signal } = this.#work;
    const guard = this.#guard;
    const { put, setAside, unused, upToDate } = batch;
    if (batch.restart && !this.#anew) this.#told = new KeySet();
    for (const { id } of put) this.#told?.add(id);
    const before = this.#progress.checkpoint;
    // Whoever begins anew gets no further before all was told: a crash in the middle begins anew again.
    const checkpoint = this.#told !== undefined && !upToDate ? before : batch.checkpoint;
    const remove = this.#told !== undefined && upToDate ? [...batch.remove, ...(await this.#untold())] : batch.remove;
    let entries = 0;
    let committed = (): void => undefined;
    const storing = lists.takeIn(
      source.listId,
      { put, remove },
      {
        sourceName: `source ${source.name}`,
        checkpoint,
        judge: (what) => {
          entries = what.entries;
          guard.judge(what.removed, what.entries);
        },
        also: async (tx, { report, ...counts }, sameVersion) => {
          const noted = guard.note(counts.removed, entries);
          committed = await this.#progress.save(tx, {
            ...{ ...counts, setAside, unused, report, checkpoint, sameVersion, toldAnew: upToDate },
            removals: upToDate ? guard.settled : noted,
            where: (line) => put[line - 1]?.id ?? String(line),
          });
        },
        signal,
      },
    );
    const effect = await storing.catch(async (error) => {
      if (error instanceof Held) await this.#storeHeld(batch);
      throw error;
    });
    committed();
    const onward =
      this.#told !== undefined && JSON.stringify(this.#reached?.checkpoint) !== JSON.stringify(batch.checkpoint);
    this.#reached = { checkpoint: batch.checkpoint };
    if (upToDate) {
      this.#told = undefined;
      this.#anew = false;
    }
    const { added, changed, removed, returned } = effect;
    return onward || added + changed + removed + returned > 0 || JSON.stringify(before) !== JSON.stringify(checkpoint);
  }

  /**
   * Stores what a batch that is held puts on the list. Its removals wait, and so does the checkpoint: everything is told
   * again. Corrections go only with a batch that is complete: another one may be cut elsewhere the next time, and would
   * put back what an entry was before.
   */
  async #storeHeld({ put, upToDate }: SourceBatch): Promise<void> {
    const { lists, source, signal } = this.#work;
    const known = upToDate ? new Set() : await lists.known(source.listId, put);
    const additions = put.filter(({ id }) => !known.has(id));
    if (additions.length === 0) return;
    const { checkpoint } = this.#progress;
    let committed = (): void => undefined;
    await lists.takeIn(
      source.listId,
      { put: additions, remove: [] },
      {
        sourceName: `source ${source.name}`,
        checkpoint,
        judge: () => undefined,
        also: async (tx, { report: _again, ...counts }, sameVersion) => {
          committed = await this.#progress.save(tx, {
            ...{ ...counts, setAside: [], unused: {}, checkpoint, sameVersion, toldAnew: false },
            removals: source.removals,
            where: String,
          });
        },
        signal,
      },
    );
    committed();
  }

  async #untold(): Promise<readonly string[]> {
    const { lists, source, signal } = this.#work;
    const gone: string[] = [];
    for await (const id of lists.ids(source.listId, signal)) if (this.#told?.add(id) === 'new') gone.push(id);
    return gone;
  }
}

/** The pages of a source, as long as each comes in time. */
async function* inTime(pages: AsyncIterable<SourcePage>, signal: AbortSignal): AsyncGenerator<SourcePage> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const late = AbortSignal.timeout(PAGE_MS);
      let step: IteratorResult<SourcePage>;
      try {
        step = await abortable(iterator.next(), AbortSignal.any([signal, late]));
      } catch (cause) {
        if (late.aborted) throw new VigieError('source-unreachable', { detail: 'no answer in time', cause });
        throw cause;
      }
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a source that hangs would hang here again.
    iterator.return?.()?.catch(() => undefined);
  }
}
