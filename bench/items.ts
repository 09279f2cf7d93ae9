import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DEFAULTS } from '../src/config.js';
import { Enforcement } from '../src/enforcement/enforcement.js';
import { proposeFor } from '../src/enforcement/propose-for.js';
import { Intake } from '../src/intake/intake.js';
import { loadListFile } from '../src/lists/ephemeral.js';
import { SealedBlobStore } from '../src/lists/sealed-blob-store.js';
import { MediaPool } from '../src/media/pool.js';
import { Metrics } from '../src/metrics/metrics.js';
import { GuardedClient } from '../src/net/guarded-client.js';
import { DEFAULT_POLICY } from '../src/policy/default-policy.js';
import { readPolicy } from '../src/policy/read-policy.js';
import { Scanner } from '../src/scan/scanner.js';
import { SeenLog } from '../src/scan/seen-log.js';
import { raiseAttention } from '../src/storage/attention/raise-attention.js';
import { type Database, openDatabase } from '../src/storage/database.js';
import { DirectoryBlobStore } from '../src/storage/directory-blob-store.js';
import { Events } from '../src/storage/events/events.js';
import { Keyring } from '../src/storage/keyring.js';
import { Outbox } from '../src/storage/outbox/outbox.js';
import { TableWorkStream } from '../src/storage/work/table-work-stream.js';
import { noPostgres, startPostgres } from '../test/databases.js';
import { type Bench, type BenchRow, median } from './harness.js';
import { photographLikeJpeg } from './pictures.js';

const JPEG_BYTES = 100_000;
const PICTURES = 8;
const ITEMS = 160;
const AT_ONCE = 8;
const HANDED_AT_ONCE = 32;
const ACCOUNTS = 500;

/**
 * Items from being handed in to their stored verdicts, against bare scans of the same media by the same scanner. Every
 * medium is other bytes, so that nothing comes from the cache; every commit and every medium is on the disk.
 */
export const itemsBench: Bench = async ({ rounds = 9, progress }) => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-items-'));
  await writeFile(join(folder, 'list.csv'), `id,sha256\nnone,${'ab'.repeat(32)}\n`);
  const keyring = new Keyring([new Uint8Array(32).fill(1)], 'file');
  const pool = new MediaPool(DEFAULTS.decoders);
  const lists = await loadListFile(join(folder, 'list.csv'));
  const seen = new SeenLog(join(folder, 'seen'), keyring);
  const scanner = new Scanner({ lists, pool, seen, maximumBytes: 2 ** 24, cacheBytes: 0 });
  const postgres = noPostgres === undefined ? await startPostgres({ fsync: true }) : undefined;
  const houses: House[] = [];
  try {
    await pool.start();
    const embedded = await openDatabase({ dataDir: join(folder, 'db') }, { allowNoFsync: true });
    houses.push(await House.open('embedded database', embedded, join(folder, 'embedded'), keyring, scanner));
    if (postgres !== undefined) {
      const server = await openDatabase({ url: await postgres.createDatabase() });
      houses.push(await House.open('PostgreSQL 15', server, join(folder, 'server'), keyring, scanner));
    }
    return await measure(houses, scanner, rounds, progress);
  } finally {
    for (const house of houses) await house.close();
    await postgres?.stop();
    await pool.close();
    await seen.close();
    await lists.close();
    await rm(folder, { recursive: true, force: true });
  }
};

async function measure(
  houses: readonly House[],
  scanner: Scanner,
  rounds: number,
  progress: ((text: string) => void) | undefined,
): Promise<BenchRow[]> {
  const pictures = await Promise.all(
    Array.from({ length: PICTURES }, (_, seed) => photographLikeJpeg(1_280, 960, seed + 1, JPEG_BYTES)),
  );
  let made = 0;
  // Behind the end of the picture, where decoders do not look.
  const next = () => Buffer.concat([pictures[made % PICTURES] as Buffer, Buffer.from(String(made++).padStart(8))]);
  const media = () => Array.from({ length: ITEMS }, next);
  const rate = async (act: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await act();
    return (ITEMS * 1_000) / (performance.now() - start);
  };
  const scanAll = async () => {
    const batch = media();
    return await rate(async () => {
      await eachOf(batch, AT_ONCE, async (bytes) => {
        const { verdict } = await scanner.scan(bytes);
        if (verdict !== 'no-match') throw new Error('A picture was not looked at.');
      });
    });
  };
  const whole = async (house: House) => {
    const batch = media();
    const figure = await rate(async () => {
      house.start();
      await eachOf(batch, HANDED_AT_ONCE, (bytes) => house.hand(bytes));
      await house.allTold();
    });
    await house.check();
    return figure;
  };
  const drained = async (house: House) => {
    await eachOf(media(), HANDED_AT_ONCE, (bytes) => house.hand(bytes));
    const figure = await rate(async () => {
      house.start();
      await house.allTold();
    });
    await house.check();
    return figure;
  };
  for (const house of houses) await whole(house);
  const figures = houses.map((house) => ({ house, whole: [] as number[], drained: [] as number[] }));
  const bare: number[] = [];
  for (let round = -1; round < rounds; round++) {
    progress?.(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
    const scans = await scanAll();
    if (round >= 0) bare.push(scans);
    for (const figure of figures) {
      const [one, two] = [await whole(figure.house), await drained(figure.house)];
      if (round < 0) continue;
      figure.whole.push(one);
      figure.drained.push(two);
    }
  }
  const against = 'bare scans of the same media';
  const row = (what: string, values: readonly number[]): BenchRow => ({
    what,
    value: median(values),
    unit: 'items/s',
    ratio: median(values.map((each, i) => each / (bare[i] ?? Number.NaN))),
    against,
  });
  return [
    { what: 'bare scans of 100-kB JPEGs', value: median(bare), unit: 'media/s' },
    ...figures.flatMap(({ house, whole: all, drained: queued }) => [
      row(`items that wait, to stored verdicts, ${house.name}`, queued),
      row(`items with bytes, handed in and told, ${house.name}`, all),
    ]),
  ];
}

/** Intake on one database. */
class House {
  readonly name: string;
  readonly #database: Database;
  readonly #stream: TableWorkStream;
  readonly #reopen: () => Promise<Intake>;
  #intake: Intake;
  #handed = 0;

  private constructor(
    name: string,
    database: Database,
    stream: TableWorkStream,
    intake: Intake,
    open: () => Promise<Intake>,
  ) {
    this.name = name;
    this.#database = database;
    this.#stream = stream;
    this.#intake = intake;
    this.#reopen = open;
  }

  static async open(name: string, database: Database, folder: string, keyring: Keyring, scanner: Scanner) {
    for (const each of ['media', 'tmp']) await mkdir(join(folder, each), { recursive: true });
    const stream = await TableWorkStream.open(database);
    const events = new Events(keyring);
    const blobs = new SealedBlobStore(
      new DirectoryBlobStore(join(folder, 'media'), join(folder, 'tmp')),
      keyring,
      'medium',
    );
    const { policy: read } = readPolicy(DEFAULT_POLICY);
    if (read === undefined) throw new Error('The default policy cannot be read.');
    const policy = { ...read, number: 1 };
    const { record } = events;
    const logger = pino({ level: 'silent' });
    const enforcement = new Enforcement({
      ...{ database, keyring, record, blobs, client: new GuardedClient(), metrics: new Metrics() },
      outbox: new Outbox({ database, keyring, record, logger, node: 'bench' }),
      ...{
        ...DEFAULTS.removals,
        maximumBytes: 2 ** 24,
        copiesKey: new Uint8Array(32),
        propose: proposeFor(() => policy),
      },
      ...{ held: () => [], act: async () => 'done', accountId: async () => undefined, dispute: async () => undefined },
      unsealForSubject: (db, subject, sealed, aad) => events.subjectKeys.unseal(db, subject, sealed, aad),
    });
    const open = () =>
      Intake.open({
        ...{ database, keyring, stream, scanner, blobs },
        assertUrl: () => undefined,
        record: events.record,
        enqueueMatch: async () => undefined,
        raiseAttention,
        followVerdict: (told) => enforcement.follow(told),
        sealForSubject: (tx, subject, plain, aad) => events.subjectKeys.seal(tx, subject, plain, aad),
        node: 'bench',
        ready: () => true,
        scansAtOnce: AT_ONCE,
        failed: (error) => {
          throw error;
        },
      });
    return new House(name, database, stream, await open(), open);
  }

  start(): void {
    this.#intake.start();
  }

  async hand(bytes: Uint8Array): Promise<void> {
    const { media, items } = this.#intake;
    const id = String(this.#handed++);
    const file = await media.store(once(bytes), { maximumBytes: 2 ** 24 });
    await items.hand({ platform: 'bench', id, account: `a${this.#handed % ACCOUNTS}`, surface: 'public' }, [file]);
  }

  /** Until the verdict of every item is committed. */
  async allTold(): Promise<void> {
    for (;;) {
      const { live } = await this.#stream.depth();
      if (live === 0 && this.#intake.underWay === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Takes nothing more until it is started again. @throws Error when an item was not told, or told twice */
  async check(): Promise<void> {
    await this.#intake.close();
    const { db } = this.#database;
    const told = await db
      .selectFrom('verdict')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirst();
    if (told?.n !== this.#handed) throw new Error(`${told?.n} verdicts for ${this.#handed} items.`);
    this.#intake = await this.#reopen();
  }

  async close(): Promise<void> {
    await this.#intake.close();
    await this.#stream.close();
    await this.#database.close();
  }
}

async function eachOf<T>(values: readonly T[], atOnce: number, act: (value: T) => Promise<unknown>): Promise<void> {
  const iterator = values.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const value of iterator) await act(value);
    }),
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
