/** What was acknowledged of lists is there after a kill or a full disk, in every process that shares them. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMount, KILLS } from '../../test/chaos.js';
import { copyEmptyDatabase } from '../../test/database-templates.js';
import { noPostgres, startPostgres } from '../../test/databases.js';
import { seeded } from '../index/testing/random.js';
import { entryPoint } from '../runtime/entry-point.js';
import { signalType } from '../signals/signal-types.js';
import { type Database, openDatabase } from '../storage/database.js';
import { runningImports } from '../storage/import-run-store.js';
import type { Lists } from './lists.js';
import type { ListsNews, ListsOrder, ListsProcessStart } from './testing/lists-process.js';
import { blobsIn, openBlobs, openLists, type TestBlobs } from './testing/open-lists.js';
import { signalText } from './testing/read-records.js';

const LIST = 'hotline';
/** Every import is three segments of this many entries. */
const PER_SEGMENT = 300;

/** The n-th file: entries e0 to e899 with MD5 values of their own. */
const seedOf = (file: number, entry: number) => 1_000_000 + file * 10_000 + entry;
const csvOf = (file: number, entries = 3 * PER_SEGMENT): string => {
  let text = 'id,md5\n';
  for (let i = 0; i < entries; i++) text += `e${i},${signalText('md5', seedOf(file, i))}\n`;
  return text;
};

function matches(lists: Lists, seed: number): boolean {
  return lists.lookup('md5', signalType('md5').parse(signalText('md5', seed))).total > 0;
}

/** A process that holds lists. */
class ListsProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<unknown>;

  constructor(start: ListsProcessStart) {
    const script = entryPoint(import.meta.url, './testing/lists-process.js');
    this.#child = fork(script, [JSON.stringify(start)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.exited = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  /** Gives an order and waits for the last word on it; undefined when the process is gone first. */
  order(order: ListsOrder, heard: (news: ListsNews) => void = () => undefined): Promise<ListsNews | undefined> {
    this.#child.send(order, () => undefined);
    return this.until((news) => news.kind === 'done' || news.kind === 'failed', heard);
  }

  until(isIt: (news: ListsNews) => boolean, heard: (news: ListsNews) => void = () => undefined) {
    return new Promise<ListsNews | undefined>((resolve) => {
      const listen = (news: ListsNews) => {
        heard(news);
        if (isIt(news)) over(news);
      };
      const gone = () => over(undefined);
      const over = (news: ListsNews | undefined) => {
        this.#child.off('message', listen);
        this.#child.off('exit', gone);
        resolve(news);
      };
      this.#child.on('message', listen);
      this.#child.once('exit', gone);
    });
  }

  ready(): Promise<ListsNews | undefined> {
    return this.until(({ kind }) => kind === 'ready');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** What the list must be, as far as it was acknowledged. */
class Model {
  /** Entry ids with their seeds, by version. */
  readonly versions = new Map<number, ReadonlyMap<string, number>>();
  current = 0;
  readonly withdrawn = new Set<string>();
  file = 0;

  content(order: ListsOrder): ReadonlyMap<string, number> {
    if (order.kind === 'add') return new Map([...(this.versions.get(this.current) ?? []), [order.entry, order.seed]]);
    return new Map(Array.from({ length: 3 * PER_SEGMENT }, (_, i) => [`e${i}`, seedOf(this.file, i)]));
  }

  /** Takes over what an order has done. */
  done(order: ListsOrder, version: number): void {
    if (order.kind === 'withdraw') this.withdrawn.add(order.entry);
    if (order.kind === 'restore') this.withdrawn.delete(order.entry);
    if (order.kind === 'import' || order.kind === 'add') this.versions.set(version, this.content(order));
    if (order.kind === 'import' || order.kind === 'add' || order.kind === 'rollback') this.current = version;
  }

  next(random: () => number, path: string): ListsOrder {
    const kind = this.versions.size === 0 ? 0 : random();
    const entry = `e${Math.floor(random() * 3 * PER_SEGMENT)}`;
    if (kind < 0.4) {
      this.file++;
      return { kind: 'import', list: LIST, path, entriesPerSegment: PER_SEGMENT };
    }
    if (kind < 0.55) return { kind: 'add', list: LIST, entry, seed: seedOf(0, Math.floor(random() * 9999)) };
    if (kind < 0.75) return { kind: 'withdraw', list: LIST, entry };
    const [withdrawn] = this.withdrawn;
    if (kind < 0.85 && withdrawn !== undefined) return { kind: 'restore', list: LIST, entry: withdrawn };
    // Four of the five versions that are kept beside the current one: one may be published without being acknowledged.
    const versions = [...this.versions.keys()].sort((a, b) => b - a).slice(0, 4);
    return { kind: 'rollback', list: LIST, version: versions[Math.floor(random() * versions.length)] ?? 0 };
  }
}

describe('lists in a process that is killed', () => {
  let store: TestBlobs;
  let dataDir: string;
  let path: string;

  beforeEach(async () => {
    store = await openBlobs();
    dataDir = join(store.root, 'db');
    path = join(store.root, 'list.csv');
    await copyEmptyDatabase(dataDir);
  });
  afterEach(() => store.close());

  const reopened = async <T>(act: (lists: Lists, database: Database) => Promise<T>): Promise<T> => {
    const database = await openDatabase({ dataDir });
    try {
      const { lists } = await openLists(database, store.blobs);
      try {
        return await act(lists, database);
      } finally {
        await lists.close();
      }
    } finally {
      await database.close();
    }
  };

  /** Sees whether the order that the kill has cut off took place, whole, and takes it over if so. */
  async function settle(lists: Lists, model: Model, pending: ListsOrder | undefined): Promise<void> {
    if (pending === undefined) return;
    if (pending.kind === 'withdraw' || pending.kind === 'restore') {
      const [said] = (await lists.entry(LIST, pending.entry)).statuses;
      if ((said?.status === 'withdrawn') !== model.withdrawn.has(pending.entry)) model.done(pending, model.current);
      return;
    }
    const version = model.versions.size === 0 && (await lists.ls()).length === 0 ? 0 : (await lists.show(LIST)).version;
    if (version !== null && version !== model.current) model.done(pending, version);
  }

  async function check(lists: Lists, model: Model): Promise<void> {
    expect(lists.problems()).toEqual([]);
    if (model.current === 0) return;
    expect((await lists.show(LIST)).version).toBe(model.current);
    const content = model.versions.get(model.current) ?? new Map<string, number>();
    const wrong = [...content].filter(([id, seed]) => matches(lists, seed) === model.withdrawn.has(id));
    expect(wrong).toEqual([]);
    const now = new Set(content.values());
    const before = [...model.versions.values()].flatMap((each) => [...each.values()]);
    expect(before.filter((seed) => !now.has(seed) && matches(lists, seed))).toEqual([]);
  }

  it(`keeps versions, withdrawals and segments together through ${KILLS} kills`, { timeout: 600_000 }, async () => {
    const random = seeded(7);
    const model = new Model();
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const process = new ListsProcess({ place: store.place, database: { dataDir } });
      await process.ready();
      // Counted in what the process says, not in time: so kills fall into every kind of order, however slow the machine.
      let left = 1 + Math.floor(random() * 40);
      let pending: ListsOrder | undefined;
      for (;;) {
        const order = model.next(random, path);
        if (order.kind === 'import') await writeFile(path, csvOf(model.file));
        pending = order;
        const last = await process.order(order, () => {
          if (--left === 0) void process.kill();
        });
        if (last === undefined) break;
        expect(last).toMatchObject({ kind: 'done' });
        if (last.kind === 'done') model.done(order, last.version ?? model.current);
        pending = undefined;
        acknowledged++;
        if (left <= 0) break;
      }
      await process.exited;
      await reopened(async (lists) => {
        await settle(lists, model, pending);
        await check(lists, model);
      });
    }
    expect(acknowledged).toBeGreaterThan(KILLS);
    // What kills have left lying about goes, and nothing else does.
    await reopened(async (lists, database) => {
      await lists.sweep({ olderThanMs: 0, abandonAfterMs: 0 });
      expect(await runningImports(database.db)).toEqual([]);
      await check(lists, model);
    });
    await reopened((lists) => check(lists, model));
  });

  it('goes on with an import where a kill has cut it off', { timeout: 120_000 }, async () => {
    await writeFile(path, csvOf(1));
    const order = { kind: 'import', list: LIST, path, entriesPerSegment: PER_SEGMENT } as const;
    const first = new ListsProcess({ place: store.place, database: { dataDir } });
    await first.ready();
    expect(await first.order(order)).toEqual({ kind: 'done', version: 1, resumed: false });
    await writeFile(path, csvOf(2));
    const cutOff = await first.order(order, (news) => {
      if (news.kind === 'progress' && news.segments === 2) void first.kill();
    });
    expect(cutOff).toBeUndefined();
    await reopened(async (lists, database) => {
      const [run] = await runningImports(database.db);
      const staged = run?.progress.staged.length ?? 0;
      expect(staged).toBeGreaterThanOrEqual(2);
      expect([matches(lists, seedOf(1, 0)), matches(lists, seedOf(2, 0))]).toEqual([true, false]);
      const told: number[] = [];
      const onProgress = ({ segments }: { segments: number }) => told.push(segments);
      const again = await lists.import({ ...order, input: { path }, onProgress });
      expect(again).toMatchObject({ version: 2, entries: 3 * PER_SEGMENT, resumed: true });
      expect(told.at(-1)).toBe(3 - staged);
      expect([matches(lists, seedOf(1, 0)), matches(lists, seedOf(2, 899))]).toEqual([false, true]);
    });
  });
});

describe.skipIf(!canMount)('lists on a full disk', () => {
  it('say so, stay as they are, and go on when there is space', { timeout: 120_000 }, async () => {
    const root = await mkdtemp(join(tmpdir(), 'vigie-full-'));
    const small = join(root, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small], { stdio: 'ignore' });
    const tidy: (() => Promise<unknown>)[] = [];
    try {
      const { blobs, place } = await blobsIn(root, small);
      const dataDir = join(small, 'db');
      await copyEmptyDatabase(dataDir);
      const database = await openDatabase({ dataDir });
      tidy.unshift(() => database.close());
      const { lists } = await openLists(database, blobs, { place });
      tidy.unshift(() => lists.close());
      const path = join(root, 'list.csv');
      await writeFile(path, csvOf(1));
      const order = { list: LIST, input: { path }, entriesPerSegment: 40_000 };
      await lists.import(order);
      const { bavail, bsize } = await statfs(small);
      await writeFile(join(small, 'ballast'), Buffer.alloc(bavail * bsize - 3 * 2 ** 20));
      await writeFile(path, csvOf(2, 200_000));
      await expect(lists.import(order)).rejects.toMatchObject({ code: 'disk-full' });
      expect([matches(lists, seedOf(1, 5)), matches(lists, seedOf(2, 5))]).toEqual([true, false]);
      expect(readdirSync(place.store.temporary)).toEqual([]);
      await rm(join(small, 'ballast'));
      await expect
        .poll(() => lists.withdraw(LIST, 'e7', { reason: 'a test', by: null }).then(() => true), { timeout: 20_000 })
        .toBe(true);
      expect([matches(lists, seedOf(1, 7)), matches(lists, seedOf(1, 8))]).toEqual([false, true]);
      expect(await lists.import(order)).toMatchObject({ entries: 200_000 });
      expect([matches(lists, seedOf(2, 7)), matches(lists, seedOf(2, 8))]).toEqual([false, true]);
    } finally {
      for (const close of tidy) await close();
      execFileSync('umount', ['-l', small]);
      await rm(root, { recursive: true, force: true });
    }
  });
});

describe.skipIf(noPostgres !== undefined)('lists in two processes on one server', () => {
  it('take each change into account in both', { timeout: 120_000 }, async () => {
    const store = await openBlobs();
    const cluster = await startPostgres();
    const processes: ListsProcess[] = [];
    try {
      const start = { place: store.place, database: { url: await cluster.createDatabase() } };
      const path = join(store.root, 'list.csv');
      await writeFile(path, csvOf(1));
      const one = new ListsProcess(start);
      processes.push(one);
      await one.ready();
      const other = new ListsProcess(start);
      processes.push(other);
      await other.ready();
      const both = async (seed: number, matching: boolean) => {
        const wait = { kind: 'wait', seed, matches: matching } as const;
        expect(await Promise.all([one.order(wait), other.order(wait)])).toEqual([{ kind: 'done' }, { kind: 'done' }]);
      };
      const importing = { kind: 'import', list: LIST, path, entriesPerSegment: PER_SEGMENT } as const;
      expect(await one.order(importing)).toMatchObject({ kind: 'done', version: 1 });
      await both(seedOf(1, 3), true);
      await other.order({ kind: 'withdraw', list: LIST, entry: 'e3' });
      await both(seedOf(1, 3), false);
      await one.order({ kind: 'restore', list: LIST, entry: 'e3' });
      await both(seedOf(1, 3), true);
      await other.order({ kind: 'add', list: LIST, entry: 'new', seed: 5 });
      await both(5, true);
      await one.order({ kind: 'rollback', list: LIST, version: 1 });
      await both(5, false);
      // One of them dies in the middle of an import; the other does not know, and the list goes on as it was.
      await writeFile(path, csvOf(2));
      await one.order(importing, (news) => {
        if (news.kind === 'progress' && news.segments === 1) void one.kill();
      });
      expect(await other.order({ kind: 'wait', seed: seedOf(1, 3), matches: true })).toEqual({ kind: 'done' });
      expect(await other.order(importing)).toEqual({ kind: 'failed', code: 'import-in-progress' });
      expect(await other.order({ kind: 'withdraw', list: LIST, entry: 'e4' })).toEqual({ kind: 'done' });
      expect(await other.order({ kind: 'wait', seed: seedOf(1, 4), matches: false })).toEqual({ kind: 'done' });
    } finally {
      for (const each of processes) await each.kill();
      await cluster.stop();
      await store.close();
    }
  });
});
