import { VigieError } from '../errors.js';
import type { ListGrowth } from './list-growth.js';
import type { ListLoader } from './list-loader.js';

/** What makes a compaction give way without a word. */
const STANDS_BACK: ReadonlySet<string> = new Set([
  'import-in-progress',
  'import-aborted',
  'shutting-down',
  'segment-closed',
]);

/** Merges small segments, of one list at a time. Whoever changes a list goes before. */
export class Compactions {
  readonly #loader: ListLoader;
  readonly #growth: ListGrowth;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly done: Promise<unknown> }>();

  constructor(loader: ListLoader, growth: ListGrowth) {
    this.#loader = loader;
    this.#growth = growth;
  }

  /** Of one list or of all. Content and answers stay the same. @returns the lists that were merged */
  async run({ list, enough }: { list?: string; enough?: number } = {}): Promise<readonly string[]> {
    const merged: string[] = [];
    for (const { info } of this.#loader.all) {
      if (list !== undefined && info.name !== list) continue;
      await this.#running.get(info.name)?.done;
      const stop = new AbortController();
      const done = this.#growth.merge(info.id, stop.signal, enough);
      this.#running.set(info.name, { stop, done: done.catch(() => undefined) });
      try {
        if (await done) merged.push(info.name);
      } catch (error) {
        // An import or a delta goes first; the next round comes back to this list.
        if (!(error instanceof VigieError && STANDS_BACK.has(error.code))) throw error;
      } finally {
        this.#running.delete(info.name);
      }
    }
    return merged;
  }

  /** Stops what is merged of a list, and waits until it has stopped. */
  async giveWay(list: string): Promise<void> {
    const compacting = this.#running.get(list);
    compacting?.stop.abort(new VigieError('import-aborted'));
    await compacting?.done;
  }

  /** Stops whatever is merged. */
  stop(): void {
    for (const { stop } of this.#running.values()) stop.abort(new VigieError('shutting-down'));
  }
}
