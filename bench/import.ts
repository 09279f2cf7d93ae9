import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MatchIndex } from '../src/index/match-index.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { CsvParser } from '../src/lists/formats/csv.js';
import { ListRecord } from '../src/lists/formats/list-record.js';
import { Lists } from '../src/lists/lists.js';
import { SealedBlobStore } from '../src/lists/sealed-blob-store.js';
import { signalType } from '../src/signals/signal-types.js';
import { type BlobStorePlace, openBlobStore } from '../src/storage/blob-store-place.js';
import { openDatabase } from '../src/storage/database.js';
import { openKeyring } from '../src/storage/open-keyring.js';
import type { Bench, BenchRow } from './harness.js';

const DEFAULT_ENTRIES = 1_000_000;
const ROWS_AT_ONCE = 10_000;
/** WebAssembly pages, 1 GiB. */
const LARGEST_PAGES = 16_384;

/** From a CSV of `id,pdq` on the disk to a list that is searched, in the way the service does it. */
export const importBench: Bench = async ({ entries = DEFAULT_ENTRIES, progress = () => undefined }) => {
  const root = await mkdtemp(join(tmpdir(), 'vigie-bench-import-'));
  try {
    const path = join(root, 'list.csv');
    progress(`writing a list of ${entries.toLocaleString('en')} entries`);
    await writeList(path, entries);
    const { size } = await stat(path);
    progress('parsing only');
    const parseSeconds = await timed(() => parseOnly(path));
    const rows: BenchRow[] = [
      { what: 'parse CSV and decode the hashes, one thread', value: entries / parseSeconds, unit: 'rows/s' },
      { what: 'the same', value: size / parseSeconds / 1e6, unit: 'MB/s' },
    ];
    return [...rows, ...(await importOnce(root, path, entries, progress))];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

async function importOnce(
  root: string,
  path: string,
  entries: number,
  progress: (text: string) => void,
): Promise<readonly BenchRow[]> {
  const [segments, temporary] = [join(root, 'segments'), join(root, 'tmp')];
  for (const directory of [segments, temporary]) await mkdir(directory);
  const store: BlobStorePlace = { kind: 'directory', path: segments, temporary };
  const [keyFile, canaryFile] = [join(root, 'master.key'), join(root, 'canary')];
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData: async () => false }, {});
  const blobs = new SealedBlobStore(openBlobStore(store), keyring);
  const database = await openDatabase({ dataDir: join(root, 'db') }, { allowNoFsync: true });
  const openLists = (pool = new MemoryPool()) => {
    const index = new MatchIndex({ pool });
    const place = { store, keyFile, canaryFile };
    return { index, pool, lists: new Lists({ database, blobs, index, pool, place }) };
  };
  try {
    const first = openLists();
    await first.lists.load();
    progress('importing');
    const value = signalType('pdq').parse(hashOf(entries - 1));
    let slowest = 0;
    let lookups = 0;
    let last = performance.now();
    // Beats while the import goes on: what a look-up of another client would have to wait.
    const beat = setInterval(() => {
      slowest = Math.max(slowest, performance.now() - last - 5);
      first.lists.lookup('pdq', value);
      lookups++;
      last = performance.now();
    }, 5);
    let staged = 0;
    const start = performance.now();
    const seconds = await timed(async () => {
      await first.lists.import({
        list: 'bench',
        input: { path },
        sourceName: 'list.csv',
        onProgress: () => {
          staged = (performance.now() - start) / 1000;
        },
      });
    });
    clearInterval(beat);
    if (first.lists.lookup('pdq', value).total === 0) throw new Error('the last entry is not found');
    const bytes = first.pool.bytes;
    await first.lists.close();
    progress('loading');
    // A start has to touch memory that no process had before, which a loaded machine makes slow: so that is measured beside.
    const touching = await timed(async () => touch(bytes));
    const second = openLists();
    const loading = await timed(() => second.lists.load());
    if (second.lists.lookup('pdq', value).total === 0) throw new Error('the last entry is not found after loading');
    await second.lists.close();
    const again = openLists(first.pool);
    const reloading = await timed(() => again.lists.load());
    await again.lists.close();
    return [
      { what: 'CSV to segments on the disk', value: staged, unit: 's' },
      { what: 'publish and load', value: seconds - staged, unit: 's' },
      { what: 'CSV to searchable, in all', value: seconds, unit: 's' },
      { what: 'CSV to searchable', value: entries / seconds, unit: 'entries/s' },
      { what: `longest wait of the main thread meanwhile (${lookups} look-ups)`, value: slowest, unit: 'ms' },
      { what: 'load sealed segments into memory that is in use already', value: reloading, unit: 's' },
      {
        what: 'load sealed segments at a start',
        value: loading,
        unit: 's',
        ratio: loading / touching,
        against: 'touching that much fresh memory once (a multiple of its time)',
      },
      { what: 'memory of the index', value: bytes / entries, unit: 'bytes/entry' },
    ];
  } finally {
    await database.close();
  }
}

/** What the system alone takes to hand over so much memory. */
function touch(bytes: number): void {
  const page = 65_536;
  const piece = new Uint8Array(page).fill(1);
  for (let left = Math.ceil(bytes / page); left > 0; left -= LARGEST_PAGES) {
    const pages = Math.min(left, LARGEST_PAGES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const all = new Uint8Array(memory.buffer);
    for (let at = 0; at < all.length; at += page) all.set(piece, at);
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}

async function parseOnly(path: string): Promise<number> {
  const parser = new CsvParser();
  const record = new ListRecord();
  let read = 0;
  const drain = () => {
    while (parser.next(record)) read += record.signals.length;
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    parser.feed(chunk as Buffer);
    drain();
  }
  parser.end();
  drain();
  return read;
}

/** A hash that follows from its number: the same list each time. */
function hashOf(n: number): string {
  let text = '';
  let state = (n ^ 0x9e3779b9) >>> 0;
  for (let i = 0; i < 8; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    text += ((mixed ^ (mixed >>> 14)) >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}

async function writeList(path: string, entries: number): Promise<void> {
  const file = await open(path, 'w');
  try {
    let text = 'id,pdq\n';
    for (let i = 0; i < entries; i++) {
      text += `entry-${i},${hashOf(i)}\n`;
      if (i % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) {
        await file.write(text);
        text = '';
      }
    }
    await file.write(text);
  } finally {
    await file.close();
  }
}
