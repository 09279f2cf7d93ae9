import { ApiProblem, isAborted } from '../../api/problem.js';
import type { ScanListener } from '../../api/scan.js';
import type { ScanProgress, Verdict, VerdictWord } from '../../api/types.js';
import { Observable } from '../../lib/observable.js';

/** Something to look at. */
export interface Medium {
  readonly name: string;
  readonly bytes: Blob;
  /** For the pictures that come with Vigie: what they show, and the verdict that they must get. */
  readonly title?: string;
  readonly expect?: VerdictWord;
}

export type ScanState =
  | { readonly phase: 'waiting' | 'cancelled' }
  | Running
  | { readonly phase: 'told'; readonly verdict: Verdict }
  | { readonly phase: 'failed'; readonly problem: ApiProblem };

export interface Running {
  readonly phase: 'running';
  /** Bytes that have left this machine. */
  readonly sent: number;
  /** For a video, once it is looked at. */
  readonly looked?: ScanProgress;
}

export interface Scan {
  readonly id: number;
  readonly medium: Medium;
  readonly state: ScanState;
}

export interface ScanQueueOptions {
  readonly scan: (bytes: Blob, listener: ScanListener, signal: AbortSignal) => Promise<Verdict>;
  /** Scans that run at the same time. */
  readonly atOnce: number;
  /** Scans that are kept, waiting and done together. */
  readonly most: number;
  readonly onProblem?: (problem: ApiProblem) => void;
}

const isOver = ({ phase }: ScanState): boolean => phase !== 'waiting' && phase !== 'running';

/** Whether there is more to see: whole percents, and the end. */
const isStep = (before: number, sent: number, of: number): boolean =>
  sent >= of ? before < of : Math.floor((100 * sent) / of) > Math.floor((100 * before) / of);

/** Scans media a few at a time and keeps what was said of each. Newest first. */
export class ScanQueue {
  readonly scans = new Observable<readonly Scan[]>([]);
  readonly #options: ScanQueueOptions;
  readonly #running = new Map<number, AbortController>();
  #nextId = 1;

  constructor(options: ScanQueueOptions) {
    this.#options = options;
  }

  /** @returns how many of the media were left out because the queue is full */
  add(media: readonly Medium[]): number {
    const taken = media.slice(0, Math.max(0, this.#options.most - this.scans.get().length));
    const waiting = taken.map((medium) => ({ id: this.#nextId++, medium, state: { phase: 'waiting' as const } }));
    this.scans.set([...waiting, ...this.scans.get()]);
    this.#startSome();
    return media.length - taken.length;
  }

  /** Scans once more what failed, was cancelled, or was told. */
  again(id: number): void {
    const scan = this.scans.get().find((each) => each.id === id);
    if (scan === undefined || !isOver(scan.state)) return;
    this.#setState(id, { phase: 'waiting' });
    this.#startSome();
  }

  /** Stops what runs and what waits; nothing was said of these. */
  cancel(): void {
    this.scans.set(
      this.scans.get().map((scan) => (isOver(scan.state) ? scan : { ...scan, state: { phase: 'cancelled' } })),
    );
    for (const abort of this.#running.values()) abort.abort();
    this.#running.clear();
  }

  /** Stops one that runs; the next one begins. */
  cancelOne(id: number): void {
    const abort = this.#running.get(id);
    if (abort === undefined) return;
    this.#running.delete(id);
    this.#setState(id, { phase: 'cancelled' });
    abort.abort();
    this.#startSome();
  }

  remove(id: number): void {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    this.scans.set(this.scans.get().filter((scan) => scan.id !== id));
    this.#startSome();
  }

  clear(): void {
    this.cancel();
    this.scans.set([]);
  }

  #startSome(): void {
    while (this.#running.size < this.#options.atOnce) {
      // First come, first served; the newest batch stands first in the list.
      const next = this.scans
        .get()
        .filter(({ state }) => state.phase === 'waiting')
        .reduce<Scan | undefined>(
          (first, scan) => (first === undefined || scan.id < first.id ? scan : first),
          undefined,
        );
      if (next === undefined) return;
      void this.#run(next);
    }
  }

  async #run({ id, medium }: Scan): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    let running: Running = { phase: 'running', sent: 0 };
    const now = (change: Partial<Running>): void => {
      if (this.#running.get(id) !== abort) return;
      running = { ...running, ...change };
      this.#setState(id, running);
    };
    now({});
    const listener: ScanListener = {
      onSent: (sent) => {
        if (isStep(running.sent, sent, medium.bytes.size)) now({ sent });
      },
      onProgress: (looked) => now({ looked }),
    };
    let state: ScanState;
    try {
      state = { phase: 'told', verdict: await this.#options.scan(medium.bytes, listener, abort.signal) };
    } catch (thrown) {
      if (isAborted(thrown)) state = { phase: 'cancelled' };
      else {
        const problem = ApiProblem.from(thrown);
        state = { phase: 'failed', problem };
        this.#options.onProblem?.(problem);
      }
    }
    // A scan that was cancelled, and perhaps begun anew, has no more to say.
    if (this.#running.get(id) !== abort) return;
    this.#running.delete(id);
    this.#setState(id, state);
    this.#startSome();
  }

  #setState(id: number, state: ScanState): void {
    this.scans.set(this.scans.get().map((scan) => (scan.id === id ? { ...scan, state } : scan)));
  }
}
