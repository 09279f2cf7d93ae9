import type { Entry } from '../../index/entry.js';
import type { SetAside, SourcePage } from '../sources/source.js';

/** How much is gathered before it is stored: whatever comes first. */
export interface BatchLimits {
  readonly changes: number;
  /** Of entries in memory, roughly. */
  readonly bytes: number;
  readonly ms: number;
}

export const BATCH_LIMITS: BatchLimits = { changes: 100_000, bytes: 64 * 2 ** 20, ms: 30_000 };

/** Pages that are stored together: of each entry what was told last. */
export interface SourceBatch {
  readonly put: readonly Entry[];
  readonly remove: readonly string[];
  readonly setAside: readonly SetAside[];
  /** Signals of types that we do not know, by the source's name for each: how many. */
  readonly unused: Readonly<Record<string, number>>;
  /** Of the last page. */
  readonly checkpoint: unknown;
  readonly upToDate: boolean;
  /** True when the source begins anew with this batch. */
  readonly restart: boolean;
}

/**
 * Gathers pages into batches, so that a source of many small pages makes few segments, and one of any size takes bounded
 * memory. When the source fails in the middle, what had come by then is given out before its error is thrown.
 */
export async function* gatherChanges(
  pages: AsyncIterable<SourcePage>,
  limits: BatchLimits = BATCH_LIMITS,
): AsyncGenerator<SourceBatch> {
  const iterator = pages[Symbol.asyncIterator]();
  let gathering = new Gathering();
  try {
    for (;;) {
      let page: SourcePage;
      try {
        const step = await iterator.next();
        if (step.done) break;
        page = step.value;
      } catch (error) {
        if (!gathering.empty) yield gathering.batch();
        throw error;
      }
      if (page.restart === true && !gathering.empty) {
        yield gathering.batch();
        gathering = new Gathering();
      }
      gathering.take(page);
      if (!page.upToDate && !gathering.full(limits)) continue;
      yield gathering.batch();
      gathering = new Gathering();
      if (page.upToDate) return;
    }
    if (!gathering.empty) yield gathering.batch();
  } finally {
    // Not awaited: a source that hangs would hang here again.
    iterator.return?.()?.catch(() => undefined);
  }
}

class Gathering {
  readonly #last = new Map<string, Entry | undefined>();
  readonly #setAside: SetAside[] = [];
  readonly #unused = new Map<string, number>();
  readonly #since = performance.now();
  #bytes = 0;
  #checkpoint: unknown;
  #upToDate = false;
  #restart = false;
  #pages = 0;

  get empty(): boolean {
    return this.#pages === 0;
  }

  full({ changes, bytes, ms }: BatchLimits): boolean {
    return this.#last.size >= changes || this.#bytes >= bytes || performance.now() - this.#since >= ms;
  }

  take({ changes, setAside, unused = {}, checkpoint, upToDate, restart = false }: SourcePage): void {
    this.#pages++;
    for (const change of changes) {
      if ('put' in change) {
        this.#last.set(change.put.id, change.put);
        this.#bytes += sizeOf(change.put);
      } else this.#last.set(change.remove, undefined);
    }
    this.#setAside.push(...setAside);
    for (const [type, count] of Object.entries(unused)) this.#unused.set(type, (this.#unused.get(type) ?? 0) + count);
    this.#checkpoint = checkpoint;
    this.#upToDate = upToDate;
    this.#restart ||= restart;
  }

  batch(): SourceBatch {
    const put: Entry[] = [];
    const remove: string[] = [];
    for (const [id, entry] of this.#last) {
      if (entry === undefined) remove.push(id);
      else put.push(entry);
    }
    const [setAside, checkpoint] = [this.#setAside, this.#checkpoint];
    const unused = Object.fromEntries(this.#unused);
    return { put, remove, setAside, unused, checkpoint, upToDate: this.#upToDate, restart: this.#restart };
  }
}

function sizeOf({ id, comment, signals }: Entry): number {
  let bytes = 200 + id.length + (comment?.length ?? 0);
  for (const { value } of signals) bytes += 100 + value.length;
  return bytes;
}
