import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ApiKeys } from './access/api-keys.js';
import type { Config } from './config.js';
import { GroundFloor } from './ground-floor.js';
import { MatchIndex } from './index/match-index.js';
import { MemoryPool } from './index/pdq/memory-pool.js';
import { Lists } from './lists/lists.js';
import { SealedBlobStore } from './lists/sealed-blob-store.js';
import { createPhotoDnaHasher } from './media/photodna-hasher.js';
import { MediaPool } from './media/pool.js';
import { Metrics } from './metrics/metrics.js';
import { GuardedClient } from './net/guarded-client.js';
import { Scanner } from './scan/scanner.js';
import { SeenLog } from './scan/seen-log.js';
import type { BlobStore } from './storage/blob-store.js';
import { type BlobStorePlace, openBlobStore, resolveBlobStorePlace, within } from './storage/blob-store-place.js';
import { DataDir } from './storage/data-dir.js';
import { type Database, openDatabase } from './storage/database.js';
import { BatchDirectory } from './storage/events/batch-directory.js';
import { Events } from './storage/events/events.js';
import type { Keyring } from './storage/keyring.js';
import { type KeyPlace, openKeyring } from './storage/open-keyring.js';
import { TableWorkStream } from './storage/work/table-work-stream.js';
import type { WorkStream } from './storage/work/work-stream.js';

/** A process that has not heard of list changes for so long cannot know what was withdrawn: it is not ready. */
export const STALE_MS = 5_000;

export interface OpenOptions {
  readonly logger: Logger;
  /** Start the decoder processes now; without, the first medium waits for them. */
  readonly decoders: boolean;
  readonly signal?: AbortSignal;
  /** Told in a sentence what takes time at the start. */
  readonly onProgress?: (text: string) => void;
}

/** Everything that a process is made of, opened and wired to each other. */
export interface AppParts {
  readonly dataDir: DataDir;
  readonly keyring: Keyring;
  readonly database: Database;
  readonly index: MatchIndex;
  readonly lists: Lists;
  readonly pool: MediaPool;
  readonly scanner: Scanner;
  readonly seen: SeenLog;
  readonly keys: ApiKeys;
  readonly stream: WorkStream;
  readonly floor: GroundFloor;
  readonly metrics: Metrics;
  /** Where files lie, as they are stored. */
  readonly stored: { readonly segments: BlobStore; readonly media: BlobStore; readonly events: string };
  /** Name of this process among those that share the database. */
  readonly node: string;
  /** True when no key was ever created here. */
  readonly firstStart: boolean;
}

/**
 * Takes the data directory, opens everything in it and loads the lists.
 * @throws VigieError of the storage family; `memory-exhausted`; the signal's reason. Nothing stays open then
 */
export async function openParts(config: Config, options: OpenOptions): Promise<AppParts> {
  const { logger, decoders, signal, onProgress } = options;
  await using opened = new Opened();
  const dataDir = opened.own(await DataDir.open(config.dataDir, { create: true, ...given({ signal }) }));
  const node = nodeName(dataDir);
  const segments = await resolveBlobStorePlace(config.segments, dataDir);
  const store = openBlobStore(segments);
  const keyring = await openKeyring(shared(dataDir.keyPlace, config.segments === undefined ? undefined : store));
  const place = config.databaseUrl === undefined ? { dataDir: dataDir.db } : { url: config.databaseUrl };
  const database = opened.own(await openDatabase(place, { allowNoFsync: config.allowNoFsync, ...given({ signal }) }));
  const events = new Events(keyring);
  const memory = new MemoryPool({ limit: config.limits.indexBytes });
  const { metric, threshold = 0 } = config.photodna;
  const index = new MatchIndex({ pool: memory, photodna: { metric, threshold } });
  const { keyFile, canaryFile } = dataDir.keyPlace;
  const lists = opened.own(
    new Lists({
      database,
      index,
      pool: memory,
      blobs: new SealedBlobStore(store, keyring),
      record: events.record,
      place: { store: segments, keyFile, canaryFile },
    }),
  );
  await lists.load({
    ...given({ signal }),
    onProgress: ({ list, segment, segments: of }) => onProgress?.(`Loading ${list}: ${segment} of ${of} segments`),
  });
  await lists.follow();
  const pool = opened.own(new MediaPool(config.decoders));
  if (decoders) await pool.start();
  const seen = opened.own(new SeenLog(dataDir.seen, keyring));
  const client = new GuardedClient({ allow: config.allowFetchFrom, timeoutMs: config.limits.fetchMs });
  const scanner = new Scanner({
    lists,
    pool,
    seen,
    client,
    ...given({ photodna: createPhotoDnaHasher(config.photodna.hasher) }),
    maximumBytes: config.limits.mediaBytes,
    cacheBytes: config.limits.cacheBytes,
  });
  const stream = opened.own(await openStream(config, database));
  const metrics = new Metrics();
  const media = await openMediaStore(config, segments, dataDir);
  const floor = opened.own(
    await GroundFloor.open({
      config,
      database,
      keyring,
      events,
      batches: new BatchDirectory(eventsPath(config, segments, dataDir), keyring),
      stream,
      scanner,
      client,
      media: new SealedBlobStore(media, keyring, 'medium'),
      logger,
      node,
      metrics,
      ready: () => lists.ready && !lists.incomplete && lists.staleness <= STALE_MS,
    }),
  );
  const keys = new ApiKeys(database, events.record);
  const stored = { segments: store, media, events: eventsPath(config, segments, dataDir) };
  const firstStart = (await keys.ls()).length === 0;
  opened.keep();
  return {
    dataDir,
    keyring,
    database,
    index,
    lists,
    pool,
    scanner,
    seen,
    keys,
    stream,
    floor,
    stored,
    metrics,
    node,
    firstStart,
  };
}

async function openStream(_config: Config, database: Database): Promise<WorkStream> {
  return await TableWorkStream.open(database);
}

/** The same at each start of a process on its directory, and another for each that shares the database. */
function nodeName({ path }: DataDir): string {
  return `${hostname()}-${createHash('sha256').update(path).digest('hex').slice(0, 6)}`;
}

/** The chain of batches is one for all processes, so it lies where all of them find it. */
function eventsPath(config: Config, segments: BlobStorePlace, dataDir: DataDir): string {
  if (config.segments === undefined || segments.kind !== 'directory') return dataDir.events;
  return join(segments.path, 'events');
}

/** What one process took in may be looked at by another. */
async function openMediaStore(config: Config, segments: BlobStorePlace, dataDir: DataDir): Promise<BlobStore> {
  if (config.segments === undefined) {
    return openBlobStore({ kind: 'directory', path: dataDir.media, temporary: dataDir.tmp });
  }
  const place = within(segments, 'media', dataDir.media);
  if (place.kind === 'directory') await mkdir(place.path, { recursive: true, mode: 0o700 });
  return openBlobStore(place);
}

/** A key that is made here could not open what other nodes have sealed in a store that they share. */
function shared(place: KeyPlace, store: BlobStore | undefined): KeyPlace {
  if (store === undefined) return place;
  return {
    ...place,
    holdsSealedData: async () => {
      for await (const _ of store.list()) return true;
      return await place.holdsSealedData();
    },
  };
}

/** Closes what was opened, latest first, unless it is kept. */
class Opened implements AsyncDisposable {
  #things: { close(): Promise<void> }[] = [];

  own<T extends { close(): Promise<void> }>(thing: T): T {
    this.#things.unshift(thing);
    return thing;
  }

  keep(): void {
    this.#things = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.#things) await thing.close().catch(() => undefined);
  }
}

/** Leaves out what is undefined, for options that know "absent" and no `undefined`. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
