import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { VigieError } from '../errors.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { SealedBlobStore } from '../lists/sealed-blob-store.js';
import { SEEN_PURPOSE } from '../scan/seen-log.js';
import { openBlobStore } from '../storage/blob-store-place.js';
import type { Keyring } from '../storage/keyring.js';
import { openKeyring } from '../storage/open-keyring.js';
import { SealedLogFrames } from '../storage/sealed-log-frames.js';
import type { DeltaEntry } from './delta-entry.js';
import { DeltaIndex } from './delta-index.js';
import { portions } from './delta-source.js';
import type { FileOutcome, FromRetroThread, RetroStart, ToRetroThread } from './retro-thread.js';
import { SeenMatcher } from './seen-matcher.js';

const PAUSE = 1;
const END = 2;
/** A pause is looked at again after so long, should nobody end it. */
const PAUSE_MS = 1_000;
/** Finds that are handed over at once. */
const FINDS_AT_ONCE = 50;
const NICE = 19;
const BATCH_BYTES = 64 * 2 ** 20;

const port = parentPort;
if (port === null) throw new VigieError('internal', { detail: 'retro-worker runs as a worker thread only' });
const { place, runs, portion, mostHashes, control } = workerData as RetroStart;
const word = new Int32Array(control);
const arrived: ToRetroThread[] = [];
let wake = (): void => undefined;
port.on('message', (message: ToRetroThread) => {
  arrived.push(message);
  wake();
});
const send = (message: FromRetroThread) => port.postMessage(message);

async function receive(): Promise<ToRetroThread> {
  for (;;) {
    if (Atomics.load(word, 0) === END) throw new VigieError('shutting-down');
    const message = arrived.shift();
    if (message !== undefined) return message;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

/** Lets live work go first. @throws VigieError `shutting-down` */
function giveWay(): void {
  while (Atomics.load(word, 0) === PAUSE) Atomics.wait(word, 0, PAUSE, PAUSE_MS);
  if (Atomics.load(word, 0) === END) throw new VigieError('shutting-down');
}

async function matchFile(path: string, keyring: Keyring, matcher: SeenMatcher, pool: MemoryPool): Promise<void> {
  const before = { ...matcher.counts };
  let damaged = 0;
  let unreadable: FileOutcome['unreadable'] = null;
  try {
    using frames = SealedLogFrames.open(path, keyring, SEEN_PURPOSE);
    for (let batch = nextFrames(frames); batch.length > 0; batch = nextFrames(frames)) {
      matcher.foresee(batch, pool, giveWay);
      for (const frame of batch) {
        giveWay();
        for (let at = matcher.match(frame, 0, FINDS_AT_ONCE); at < frame.length; ) {
          send({ kind: 'finds', finds: matcher.take() });
          await receive();
          at = matcher.match(frame, at, FINDS_AT_ONCE);
        }
      }
    }
    damaged = frames?.damaged ?? 0;
  } catch (thrown) {
    const { code } = VigieError.from(thrown);
    if (code === 'shutting-down') throw thrown;
    // A file that is gone was forgotten with its day.
    if (code !== 'blob-not-found') unreadable = code;
  }
  const { records, hashes, unknown } = matcher.counts;
  send({
    kind: 'file-done',
    finds: matcher.take(),
    records: records - before.records,
    hashes: hashes - before.hashes,
    damaged: damaged + unknown - before.unknown,
    unreadable,
  });
}

/** Frames that are looked at together: those of a whole file, as large as ours get, or a part of a larger one. */
function nextFrames(frames: SealedLogFrames | undefined): Buffer[] {
  const batch: Buffer[] = [];
  for (let bytes = 0; bytes < BATCH_BYTES; ) {
    giveWay();
    const frame = frames?.next();
    if (frame === undefined) break;
    batch.push(frame);
    bytes += frame.length;
  }
  return batch;
}

function countByRun(entries: readonly DeltaEntry[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(runs.map(({ run }) => [run, 0]));
  for (const { list } of entries) {
    const run = runs.find((each) => each === list)?.run ?? '';
    counts[run] = (counts[run] ?? 0) + 1;
  }
  return counts;
}

try {
  // On Linux this is the priority of the thread alone.
  if (process.platform === 'linux') setPriority(0, NICE);
  const { store, keyFile, canaryFile } = place;
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData: async () => true });
  const blobs = new SealedBlobStore(openBlobStore(store), keyring);
  const pool = new MemoryPool();
  const stop = new AbortController();
  let number = 0;
  for await (const entries of portions(runs, blobs, stop.signal, mostHashes)) {
    giveWay();
    if (number++ < portion) continue;
    const delta = DeltaIndex.build(entries, pool);
    const matcher = new SeenMatcher(delta);
    send({ kind: 'portion', entries: countByRun(entries), total: entries.length });
    for (let message = await receive(); message.kind !== 'next-portion'; message = await receive()) {
      if (message.kind === 'file') await matchFile(message.path, keyring, matcher, pool);
    }
    delta.close();
  }
  send({ kind: 'end' });
} catch (thrown) {
  const { code, detail } = VigieError.from(thrown);
  send({ kind: 'failed', code, detail });
} finally {
  port.close();
}
