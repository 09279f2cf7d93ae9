import { Worker } from 'node:worker_threads';
import { type ErrorCode, VigieError } from '../errors.js';
import { entryPoint } from '../runtime/entry-point.js';
import type { BlobStorePlace } from '../storage/blob-store-place.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import type { OpenedInput } from './import-source.js';
import type { StageCheckpoint, StageProgress, StageResult, StageSettings } from './stage-segments.js';

/** What a thread needs to write sealed segments by itself; plain data. */
export interface SegmentPlace {
  readonly store: BlobStorePlace;
  readonly keyFile: string;
  readonly canaryFile: string;
}

export interface ThreadStart {
  readonly place: SegmentPlace;
  readonly settings: StageSettings;
  /** The file to read; without it the bytes come as messages. */
  readonly path: string | undefined;
}

export type ToThread =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  /** The source has failed. */
  | { readonly kind: 'broken' }
  /** The segment that was told of is written down. */
  | { readonly kind: 'saved' }
  | { readonly kind: 'abort' };

export type FromThread =
  /** One more chunk may be sent. */
  | { readonly kind: 'pull' }
  | { readonly kind: 'progress'; readonly progress: StageProgress }
  | { readonly kind: 'segment'; readonly segment: ManifestSegment; readonly checkpoint: StageCheckpoint }
  | { readonly kind: 'done'; readonly result: StageResult }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string | undefined };

export interface ThreadOptions extends StageSettings {
  readonly onSegment?: ((segment: ManifestSegment, checkpoint: StageCheckpoint) => Promise<void>) | undefined;
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long a thread that was told to stop may take. */
const STOP_MS = 5000;

/**
 * `stageSegments` in a thread of its own, so that look-ups never wait for an import. A file is read by the thread; a
 * stream is read here and handed over chunk by chunk, only as fast as the thread asks for more.
 */
export async function stageInThread(
  input: OpenedInput,
  place: SegmentPlace,
  options: ThreadOptions,
): Promise<StageResult> {
  const { onSegment, onProgress, signal, ...settings } = options;
  signal?.throwIfAborted();
  const start: ThreadStart = { place, settings: { ...settings, totalBytes: input.bytes }, path: input.path };
  const worker = new Worker(entryPoint(import.meta.url, './import-worker.js'), { workerData: start });
  const send = (message: ToThread) => worker.postMessage(message);
  const feed = input.path === undefined ? new Feed(input.stream, send) : undefined;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    send({ kind: 'abort' });
    timer = setTimeout(() => void worker.terminate(), STOP_MS);
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<StageResult>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'pull') feed?.pull();
        else if (message.kind === 'progress') onProgress?.(message.progress);
        else if (message.kind === 'done') resolve(message.result);
        else if (message.kind === 'failed') {
          const { code, detail } = message;
          reject(feed?.failure ?? new VigieError(code, detail === undefined ? {} : { detail }));
        } else {
          const saved = onSegment?.(message.segment, message.checkpoint) ?? Promise.resolve();
          saved.then(() => send({ kind: 'saved' }), reject);
        }
      });
      worker.once('error', (cause) => reject(VigieError.from(cause)));
      worker.once('exit', () => reject(new VigieError('internal', { detail: 'the import thread ended' })));
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(timer);
    await feed?.close();
    await worker.terminate();
  }
}

/** Hands a stream over, a chunk at each pull. */
class Feed {
  failure: unknown;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #send: (message: ToThread) => void;
  #reading: Promise<void> = Promise.resolve();
  #over = false;

  constructor(stream: AsyncIterable<Uint8Array>, send: (message: ToThread) => void) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#send = send;
  }

  pull(): void {
    this.#reading = this.#reading.then(() => this.#next());
  }

  async close(): Promise<void> {
    this.#over = true;
    // Not awaited: a source that hangs would hang here again.
    this.#iterator.return?.().catch(() => undefined);
  }

  async #next(): Promise<void> {
    if (this.#over) return;
    try {
      const { done, value } = await this.#iterator.next();
      if (done) this.#over = true;
      this.#send(done ? { kind: 'end' } : { kind: 'chunk', bytes: value });
    } catch (error) {
      this.failure = error;
      this.#over = true;
      this.#send({ kind: 'broken' });
    }
  }
}
