import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MatchIndex } from '../src/index/match-index.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { Lists } from '../src/lists/lists.js';
import { SealedBlobStore } from '../src/lists/sealed-blob-store.js';
import { openDatabase } from '../src/storage/database.js';
import { DirectoryBlobStore } from '../src/storage/directory-blob-store.js';
import { getList } from '../src/storage/list-store.js';
import { openKeyring } from '../src/storage/open-keyring.js';
import { type Bench, type BenchRow, median, quantile } from './harness.js';
import { PdqMaker } from './segments.js';

const LIST = 'bench';
/** Changes of a delta: a thousand a minute in one each second, ten times as fast. */
const PUTS = 15;
const REMOVALS = 2;
const PAUSE_MS = 100;
const LOOKUPS_A_SECOND = 500;
/** Merged as often as the service does, ten times as fast. */
const MERGE_EVERY = 60;

interface Stalls {
  readonly late: number[];
  readonly lookups: number[];
}

/**
 * A list of `entries` that changes all the time while it is looked up in: for how long everything else in the thread is
 * held up, and how soon a change is searchable. Everything is real: the database, sealed segments, the log of changes.
 */
export const liveListBench: Bench = async ({ entries = 1_000_000, rounds = 9, progress }) => {
  const root = await mkdtemp(join(tmpdir(), 'vigie-bench-live-'));
  const [segments, temporary] = [join(root, 'segments'), join(root, 'tmp')];
  for (const directory of [segments, temporary]) await mkdir(directory);
  const place = { keyFile: join(root, 'master.key'), canaryFile: join(root, 'canary') };
  const keyring = await openKeyring({ ...place, holdsSealedData: async () => false }, {});
  const blobs = new SealedBlobStore(new DirectoryBlobStore(segments, temporary), keyring);
  const database = await openDatabase({ dataDir: join(root, 'db') });
  const pool = new MemoryPool();
  const lists = new Lists({ database, blobs, pool, index: new MatchIndex({ pool }) });
  try {
    await lists.load();
    await lists.follow();
    const maker = new PdqMaker(11);
    progress?.(`live: importing ${entries} entries`);
    await lists.import({ list: LIST, input: { stream: csv(maker, entries) } });
    const { id } = await getList(database.db, LIST);
    const times = rounds * 40;
    progress?.('live: looking up alone');
    const alone = await whileLooking(lists, maker, () => new Promise((resolve) => setTimeout(resolve, 5_000)));
    progress?.(`live: ${times} deltas of ${PUTS + REMOVALS} changes, ${LOOKUPS_A_SECOND} look-ups a second`);
    const searchable: number[] = [];
    const mergeTimes: number[] = [];
    const busy = await whileLooking(lists, maker, () => change(lists, id, maker, times, searchable, mergeTimes));
    progress?.('live: merging all of it');
    const merging = await whileLooking(lists, maker, async () => {
      await lists.compact({ list: LIST, enough: 2 });
    });
    return [
      ...stallRows('alone', alone),
      ...stallRows(`with ${(PUTS + REMOVALS) * 10} changes a second`, busy),
      ...stallRows('while all deltas are merged', merging),
      { what: 'from the commit to searchable, median', value: median(searchable), unit: 'ms' },
      { what: `from the commit to searchable, slowest of ${times}`, value: Math.max(...searchable), unit: 'ms' },
      { what: `merges meanwhile: ${mergeTimes.length}, longest`, value: Math.max(0, ...mergeTimes), unit: 'ms' },
    ];
  } finally {
    await lists.close();
    await database.close();
    await rm(root, { recursive: true, force: true });
  }
};

async function change(
  lists: Lists,
  id: string,
  maker: PdqMaker,
  times: number,
  searchable: number[],
  mergeTimes: number[],
): Promise<void> {
  let merging: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < times; i++) {
    const put = Array.from({ length: PUTS }, (_, k) => {
      const made = maker.entry();
      const signals = made.signals.map((signal) => ({ ...signal, value: signal.value.slice() }));
      return { ...made, id: `live ${i} ${k}`, signals };
    });
    const remove = Array.from({ length: REMOVALS }, (_, k) => `e${i * REMOVALS + k}`);
    let committing = 0;
    await lists.takeIn(
      id,
      { put, remove },
      {
        ...{ sourceName: 'bench', checkpoint: i, judge: () => undefined },
        also: async () => {
          committing = performance.now();
        },
      },
    );
    if (lists.lookup('pdq', put[0]!.signals[0]!.value).total === 0) throw new Error('A change is not searchable.');
    searchable.push(performance.now() - committing);
    if (i % MERGE_EVERY === MERGE_EVERY - 1) {
      await merging;
      const start = performance.now();
      merging = lists.compact({ list: LIST }).then(() => mergeTimes.push(performance.now() - start));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await merging;
}

/** Looks up as often as is said while something goes on, and notes by how much it came too late, and how long it took. */
async function whileLooking(lists: Lists, maker: PdqMaker, act: () => Promise<unknown>): Promise<Stalls> {
  const queries = Array.from({ length: 200 }, () => maker.entry().signals[0]!.value.slice());
  const late: number[] = [];
  const lookups: number[] = [];
  let running = true;
  const looking = (async () => {
    const every = 1_000 / LOOKUPS_A_SECOND;
    for (let due = performance.now(), i = 0; running; i++) {
      due += every;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      else if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      const start = performance.now();
      late.push(Math.max(0, start - due));
      lists.lookup('pdq', queries[i % queries.length]!);
      lookups.push(performance.now() - start);
    }
  })();
  await act();
  running = false;
  await looking;
  return { late, lookups };
}

function stallRows(when: string, { late, lookups }: Stalls): BenchRow[] {
  return [
    { what: `look-up ${when}, median`, value: median(lookups) * 1_000, unit: 'µs' },
    { what: `look-up ${when}, begun too late, 99.9 of 100`, value: quantile(late, 0.999), unit: 'ms' },
    { what: `look-up ${when}, begun too late, longest of ${late.length}`, value: Math.max(...late), unit: 'ms' },
  ];
}

async function* csv(maker: PdqMaker, entries: number): AsyncGenerator<Uint8Array> {
  let text = 'id,pdq\n';
  for (let i = 0; i < entries; i++) {
    text += `e${i},${Buffer.from(maker.entry().signals[0]!.value).toString('hex')}\n`;
    if (text.length < 2 ** 18) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
