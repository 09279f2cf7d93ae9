import { Worker } from 'node:worker_threads';
import { type ErrorCode, VigieError } from '../errors.js';
import type { SegmentPlace } from '../lists/import-thread.js';
import { entryPoint } from '../runtime/entry-point.js';
import type { DeltaRun } from './delta-source.js';
import type { RetroFind } from './retro-find.js';

/** What the thread is given. Plain data. */
export interface RetroStart {
  readonly place: SegmentPlace;
  readonly runs: readonly DeltaRun[];
  /** The first portion of new entries that is wanted. */
  readonly portion: number;
  readonly mostHashes: number | undefined;
  /** One word: 1 while it has to pause, 2 when it has to end. */
  readonly control: SharedArrayBuffer;
}

export type ToRetroThread =
  | { readonly kind: 'file'; readonly path: string }
  /** What was handed over is written down. */
  | { readonly kind: 'go-on' }
  | { readonly kind: 'next-portion' };

export type FromRetroThread =
  | { readonly kind: 'portion'; readonly entries: Readonly<Record<string, number>>; readonly total: number }
  /** There are no more entries. */
  | { readonly kind: 'end' }
  | { readonly kind: 'finds'; readonly finds: readonly RetroFind[] }
  | ({ readonly kind: 'file-done'; readonly finds: readonly RetroFind[] } & FileOutcome)
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string | undefined };

/** What became of a file of seen records. */
export interface FileOutcome {
  readonly records: number;
  readonly hashes: number;
  /** Places that were changed since they were written, and records that are not known here. */
  readonly damaged: number;
  /** Why nothing of it could be read; null when it could, or when it is gone because its day was forgotten. */
  readonly unreadable: ErrorCode | null;
}

const STOP_MS = 5_000;
const RUN = 0;
const PAUSE = 1;
const END = 2;

/** A thread that tries new entries against files of seen records, one after another, and gives way to live work. */
export class RetroThread {
  readonly #worker: Worker;
  readonly #control = new Int32Array(new SharedArrayBuffer(4));
  #take: ((message: FromRetroThread) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #failure: unknown;

  constructor(start: Omit<RetroStart, 'control'>) {
    const workerData: RetroStart = { ...start, control: this.#control.buffer as SharedArrayBuffer };
    this.#worker = new Worker(entryPoint(import.meta.url, './retro-worker.js'), { workerData });
    this.#worker.on('message', (message: FromRetroThread) => {
      if (message.kind === 'failed') this.#end(new VigieError(message.code, { detail: message.detail ?? '' }));
      else this.#take?.(message);
    });
    this.#worker.once('error', (cause) => this.#end(VigieError.from(cause)));
    this.#worker.once('exit', () => this.#end(new VigieError('internal', { detail: 'the retro thread ended' })));
  }

  set paused(paused: boolean) {
    Atomics.compareExchange(this.#control, 0, paused ? RUN : PAUSE, paused ? PAUSE : RUN);
    Atomics.notify(this.#control, 0);
  }

  /**
   * Waits until the first portion, or the next one, is ready.
   * @returns how many entries it has, in all and by run; undefined when there are no more
   */
  async portion(next: boolean): Promise<Extract<FromRetroThread, { kind: 'portion' }> | undefined> {
    const answer = await this.#ask(next ? { kind: 'next-portion' } : undefined);
    return answer.kind === 'portion' ? answer : undefined;
  }

  /**
   * Goes through one file.
   * @param onFinds told of finds before the file is through; the thread waits for it
   * @returns the last finds and what became of the file
   * @throws VigieError what ended the thread
   */
  async file(
    path: string,
    onFinds: (finds: readonly RetroFind[]) => Promise<void>,
  ): Promise<Extract<FromRetroThread, { kind: 'file-done' }>> {
    for (let message: ToRetroThread = { kind: 'file', path }; ; message = { kind: 'go-on' }) {
      const answer = await this.#ask(message);
      if (answer.kind === 'file-done') return answer;
      if (answer.kind === 'finds') await onFinds(answer.finds);
    }
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, 0, END);
    Atomics.notify(this.#control, 0);
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_MS);
    if (this.#failure === undefined) {
      this.#worker.postMessage({ kind: 'go-on' } satisfies ToRetroThread);
      await ended;
    }
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #ask(message: ToRetroThread | undefined): Promise<FromRetroThread> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#take = resolve;
      this.#fail = reject;
      if (message !== undefined) this.#worker.postMessage(message);
    });
  }

  #end(error: unknown): void {
    this.#failure ??= error;
    this.#fail?.(this.#failure);
  }
}
