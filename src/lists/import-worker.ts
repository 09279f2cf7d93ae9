import { parentPort, workerData } from 'node:worker_threads';
import { VigieError } from '../errors.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { openBlobStore } from '../storage/blob-store-place.js';
import { openKeyring } from '../storage/open-keyring.js';
import { readPath } from './import-source.js';
import type { FromThread, ThreadStart, ToThread } from './import-thread.js';
import { SealedBlobStore } from './sealed-blob-store.js';
import { stageSegments } from './stage-segments.js';

/** Chunks that are on their way at once. */
const WINDOW = 4;

const port = parentPort;
if (port === null) throw new VigieError('internal', { detail: 'import-worker runs as a worker thread only' });
const { place, settings, path } = workerData as ThreadStart;
const send = (message: FromThread) => port.postMessage(message);
const controller = new AbortController();
const arrived: ToThread[] = [];
let wake = (): void => undefined;
let saved = (): void => undefined;

port.on('message', (message: ToThread) => {
  if (message.kind === 'abort') controller.abort(new VigieError('import-aborted'));
  else if (message.kind === 'saved') saved();
  else arrived.push(message);
  wake();
});

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < WINDOW; i++) send({ kind: 'pull' });
  for (;;) {
    const message = arrived.shift();
    if (message === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if (message.kind === 'chunk') {
      yield message.bytes;
      send({ kind: 'pull' });
    } else if (message.kind === 'end') return;
    else throw new VigieError('internal', { detail: 'the source has failed' });
  }
}

try {
  const { store, keyFile, canaryFile } = place;
  // The service has opened the same keys before; a missing one is an error here, never a reason to make another.
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData: async () => true });
  const result = await stageSegments(path === undefined ? chunks() : readPath(path), {
    ...settings,
    pool: new MemoryPool(),
    blobs: new SealedBlobStore(openBlobStore(store), keyring),
    signal: controller.signal,
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onSegment: async (segment, checkpoint) => {
      const acknowledged = new Promise<void>((resolve) => {
        saved = resolve;
      });
      send({ kind: 'segment', segment, checkpoint });
      await acknowledged;
      controller.signal.throwIfAborted();
    },
  });
  send({ kind: 'done', result });
} catch (thrown) {
  const { code, detail } = VigieError.from(thrown);
  send({ kind: 'failed', code, detail });
} finally {
  port.close();
}
