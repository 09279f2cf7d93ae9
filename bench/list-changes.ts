import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MatchIndex } from '../src/index/match-index.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { Lists } from '../src/lists/lists.js';
import { SealedBlobStore } from '../src/lists/sealed-blob-store.js';
import { openDatabase } from '../src/storage/database.js';
import { DirectoryBlobStore } from '../src/storage/directory-blob-store.js';
import { openKeyring } from '../src/storage/open-keyring.js';
import { type BenchRow, median } from './harness.js';
import { PdqMaker } from './segments.js';

const LIST = 'bench';
const ENTRIES = 100_000;
const BY = { reason: 'a measurement', by: null };

/**
 * The same through everything: database with fsync, sealed segment files, and a second set of lists on the same database
 * and files, which hears of each change as another process would.
 */
export async function listChanges(times: number): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'vigie-bench-delta-'));
  const [segments, temporary] = [join(root, 'segments'), join(root, 'tmp')];
  for (const directory of [segments, temporary]) await mkdir(directory);
  const place = { keyFile: join(root, 'master.key'), canaryFile: join(root, 'canary') };
  const keyring = await openKeyring({ ...place, holdsSealedData: async () => false }, {});
  const blobs = new SealedBlobStore(new DirectoryBlobStore(segments, temporary), keyring);
  const database = await openDatabase({ dataDir: join(root, 'db') });
  const opened: Lists[] = [];
  try {
    const open = async (): Promise<Lists> => {
      const pool = new MemoryPool();
      const lists = new Lists({ database, blobs, pool, index: new MatchIndex({ pool }) });
      opened.push(lists);
      await lists.load();
      await lists.follow();
      return lists;
    };
    const here = await open();
    const there = await open();
    const maker = new PdqMaker(11);
    await here.import({ list: LIST, input: { stream: csv(maker) } });
    const took = {
      addHere: [] as number[],
      addThere: [] as number[],
      offHere: [] as number[],
      offThere: [] as number[],
    };
    for (let i = 0; i < times; i++) {
      const entry = { ...maker.entry(), id: `added ${i}` };
      const value = entry.signals[0]!.value.slice();
      await measure([here, there], value, true, took.addHere, took.addThere, () => here.addEntries(LIST, [entry]));
      await measure([here, there], value, false, took.offHere, took.offThere, () => here.withdraw(LIST, entry.id, BY));
    }
    const figure = (what: string, values: readonly number[]): BenchRow[] => [
      { what: `${what}, median`, value: median(values), unit: 'ms' },
      { what: `${what}, slowest of ${times}`, value: Math.max(...values), unit: 'ms' },
    ];
    return [
      ...figure('addEntries, stored durably, until it matches', took.addHere),
      ...figure('… until it matches in another process', took.addThere),
      ...figure('withdraw, stored durably, until it matches no more', took.offHere),
      ...figure('… until it matches no more in another process', took.offThere),
    ];
  } finally {
    for (const lists of opened) await lists.close();
    await database.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** Milliseconds from the call to the answer that shows it, in each of the two. */
async function measure(
  [here, there]: readonly [Lists, Lists],
  value: Uint8Array,
  matches: boolean,
  inHere: number[],
  inThere: number[],
  change: () => Promise<unknown>,
): Promise<void> {
  const start = performance.now();
  const changed = change();
  const seen = (lists: Lists) => lists.lookup('pdq', value).total > 0 === matches;
  let [foundHere, foundThere] = [false, false];
  while (!(foundHere && foundThere)) {
    if (!foundHere && seen(here)) {
      foundHere = true;
      inHere.push(performance.now() - start);
    }
    if (!foundThere && seen(there)) {
      foundThere = true;
      inThere.push(performance.now() - start);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await changed;
}

async function* csv(maker: PdqMaker): AsyncGenerator<Uint8Array> {
  let text = 'id,pdq\n';
  for (let i = 0; i < ENTRIES; i++) {
    text += `e${i},${Buffer.from(maker.entry().signals[0]!.value).toString('hex')}\n`;
    if (text.length < 2 ** 18) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
