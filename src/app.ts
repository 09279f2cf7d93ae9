import { chmod, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { ApiKeys } from './access/api-keys.js';
import { RateGate } from './access/rate-gate.js';
import { Sessions } from './access/sessions.js';
import type { Config } from './config.js';
import { ENGINE, VERSION } from './engine.js';
import { VigieError } from './errors.js';
import { buildServer } from './http/server.js';
import type { BackupOrder, BackupSummary, ServiceStatus, Services } from './http/services.js';
import { MatchIndex } from './index/match-index.js';
import { MemoryPool } from './index/pdq/memory-pool.js';
import { Lists } from './lists/lists.js';
import { SealedBlobStore } from './lists/sealed-blob-store.js';
import { createPhotoDnaHasher } from './media/photodna-hasher.js';
import { MediaPool } from './media/pool.js';
import { sandboxReport } from './media/sandbox.js';
import { Metrics } from './metrics/metrics.js';
import { registerSources } from './metrics-sources.js';
import { GuardedClient } from './net/guarded-client.js';
import { every } from './runtime/every.js';
import { Scanner } from './scan/scanner.js';
import { SeenLog } from './scan/seen-log.js';
import { createBackup } from './storage/backup/create-backup.js';
import { DataDir } from './storage/data-dir.js';
import { type Database, openDatabase } from './storage/database.js';
import { DirectoryBlobStore } from './storage/directory-blob-store.js';
import type { Keyring } from './storage/keyring.js';
import { openKeyring } from './storage/open-keyring.js';
import { randomId } from './storage/random-id.js';

export interface AppOptions {
  readonly logger: Logger;
  /** Start the decoder processes now; without, the first medium waits for them. */
  readonly decoders: boolean;
  readonly signal?: AbortSignal;
  /** Told in a sentence what takes time at the start. */
  readonly onProgress?: (text: string) => void;
}

/** A process that has not heard of list changes for so long cannot know what was withdrawn: it is not ready. */
const STALE_MS = 5_000;
/** What has begun may take so long to end when the service stops. */
const DRAIN_MS = 25_000;
const MINUTE = 60_000;

interface Parts {
  readonly dataDir: DataDir;
  readonly keyring: Keyring;
  readonly database: Database;
  readonly index: MatchIndex;
  readonly lists: Lists;
  readonly pool: MediaPool;
  readonly scanner: Scanner;
  readonly seen: SeenLog;
  readonly keys: ApiKeys;
  readonly firstStart: boolean;
}

/** The service: the one place where everything is wired. It owns its data directory until `close`. */
export class App implements Services {
  readonly config: Config;
  readonly lists: Lists;
  readonly scanner: Scanner;
  readonly keys: ApiKeys;
  readonly sessions = new Sessions();
  readonly rates: RateGate;
  readonly metrics = new Metrics();
  /** True when no key was ever created here. */
  readonly firstStart: boolean;
  readonly #parts: Parts;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #servers: FastifyInstance[] = [];
  readonly #chores: (() => Promise<void>)[] = [];
  #address = '';

  private constructor(config: Config, parts: Parts, logger: Logger) {
    this.config = config;
    this.#parts = parts;
    this.#logger = logger;
    this.rates = new RateGate(config.rates);
    this.lists = parts.lists;
    this.scanner = parts.scanner;
    this.keys = parts.keys;
    this.firstStart = parts.firstStart;
  }

  /**
   * Takes the data directory, opens everything in it and loads the lists.
   * @throws VigieError of the storage family; `memory-exhausted`; the signal's reason. Nothing stays open then
   */
  static async open(config: Config, options: AppOptions): Promise<App> {
    const { logger, decoders, signal, onProgress } = options;
    await using opened = new Opened();
    const dataDir = opened.own(await DataDir.open(config.dataDir, { create: true, ...given({ signal }) }));
    const keyring = await openKeyring(dataDir.keyPlace);
    const place = config.databaseUrl === undefined ? { dataDir: dataDir.db } : { url: config.databaseUrl };
    const database = await openDatabase(place, { allowNoFsync: config.allowNoFsync, ...given({ signal }) });
    opened.own(database);
    const memory = new MemoryPool({ limit: config.limits.indexBytes });
    const { metric, threshold = 0 } = config.photodna;
    const index = new MatchIndex({ pool: memory, photodna: { metric, threshold } });
    const { keyFile, canaryFile } = dataDir.keyPlace;
    const lists = opened.own(
      new Lists({
        database,
        index,
        pool: memory,
        blobs: new SealedBlobStore(new DirectoryBlobStore(dataDir.segments, dataDir.tmp), keyring),
        place: { segments: dataDir.segments, temporary: dataDir.tmp, keyFile, canaryFile },
      }),
    );
    await lists.load({
      ...given({ signal }),
      onProgress: ({ list, segment, segments }) => onProgress?.(`Loading ${list}: ${segment} of ${segments} segments`),
    });
    await lists.follow();
    const pool = opened.own(new MediaPool(config.decoders));
    if (decoders) await pool.start();
    const seen = opened.own(new SeenLog(dataDir.seen, keyring));
    const scanner = new Scanner({
      lists,
      pool,
      seen,
      client: new GuardedClient({ allow: config.allowFetchFrom, timeoutMs: config.limits.fetchMs }),
      ...given({ photodna: createPhotoDnaHasher(config.photodna.hasher) }),
      maximumBytes: config.limits.mediaBytes,
      cacheBytes: config.limits.cacheBytes,
    });
    const keys = new ApiKeys(database.db);
    const firstStart = (await keys.ls()).length === 0;
    opened.keep();
    const parts = { dataDir, keyring, database, index, lists, pool, scanner, seen, keys, firstStart };
    const app = new App(config, parts, logger);
    registerSources(app.metrics, { db: database.db, index, lists, pool, readiness: () => app.readiness() });
    app.#doChores();
    return app;
  }

  get socketPath(): string {
    return this.#parts.dataDir.socketPath;
  }

  /** Where the page is reached; empty until `listen`. */
  get address(): string {
    return this.#address;
  }

  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Listens on the network address and on the local socket.
   * @returns the address of the page
   */
  async listen(): Promise<string> {
    await this.listenLocally();
    const { host, port } = this.config;
    const server = await this.#build('network');
    await server.listen({ host, port });
    const { port: taken } = server.server.address() as AddressInfo;
    this.#address = `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
    return this.#address;
  }

  /** Listens on the socket in the data directory only, which nobody but this user can open. */
  async listenLocally(): Promise<void> {
    // Left by a process that was killed; the directory is ours, so nobody listens there.
    await rm(this.socketPath, { force: true });
    const server = await this.#build('local');
    await server.listen({ path: this.socketPath });
    await chmod(this.socketPath, 0o600);
  }

  async backUp(order: BackupOrder): Promise<BackupSummary> {
    const { database, keyring, dataDir } = this.#parts;
    const segments = new DirectoryBlobStore(dataDir.segments, dataDir.tmp);
    const place = { database, keyring, segments, dataDir: dataDir.path, version: VERSION };
    const { tables, files, missing } = await createBackup({ ...place, ...order });
    return {
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      files: files.length,
      bytes: [...tables, ...files].reduce((sum, { bytes }) => sum + bytes, 0),
      missing,
    };
  }

  status(): ServiceStatus {
    const { index, lists, pool } = this.#parts;
    const { ready, reasons } = this.readiness();
    const { entries, dead, segments, bytes } = index.stats();
    return {
      version: VERSION,
      engine: ENGINE,
      ready,
      problems: [...reasons, ...this.#shortcomings()],
      index: { entries: entries - dead, segments, bytes },
      lists: new Set(index.segments.map((segment) => segment.list)).size,
      appliedSeq: lists.appliedSeq,
      decoders: { processes: pool.processes.length, formats: pool.formats },
    };
  }

  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    const { lists } = this.#parts;
    const reasons: string[] = [];
    if (this.#stop.signal.aborted) reasons.push('The service is stopping.');
    if (!lists.ready) reasons.push('The lists are not loaded yet.');
    else if (lists.staleness > STALE_MS) {
      reasons.push('The database does not answer: entries may have been withdrawn without this process knowing.');
    }
    for (const { list, detail, olderVersionMatches } of lists.problems()) {
      if (!olderVersionMatches) reasons.push(`The list ${list} is not searched: ${detail}`);
    }
    return { ready: reasons.length === 0, reasons };
  }

  newId(): string {
    return randomId();
  }

  /** Refuses what is new, answers what has begun, and gives everything back. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new VigieError('shutting-down'));
    await this.#drain();
    const { pool, seen, lists, keys, database, dataDir } = this.#parts;
    await pool.close();
    await seen.close();
    // A merge that is under way gives way to the lists being closed.
    await Promise.all([lists.close(), ...this.#chores.map((stop) => stop())]);
    await keys.flush().catch((error: unknown) => this.#logger.warn({ err: error }, 'use of keys was not written down'));
    await database.close();
    await dataDir.close();
  }

  async #build(entrance: 'network' | 'local'): Promise<FastifyInstance> {
    const server = await buildServer({ services: this, logger: this.#logger, entrance });
    this.#servers.push(server);
    return server;
  }

  async #drain(): Promise<void> {
    const cut = setTimeout(() => {
      this.#logger.warn('requests were still running and are cut off');
      for (const server of this.#servers) server.server.closeAllConnections();
    }, DRAIN_MS);
    await Promise.all(this.#servers.map((server) => server.close()));
    clearTimeout(cut);
  }

  /** What keeps the house in order while the service runs. */
  #doChores(): void {
    const { lists, keys } = this.#parts;
    const failed = (what: string) => (error: unknown) => this.#logger.warn({ err: error }, `${what} failed`);
    this.#chores.push(
      every(MINUTE, () => lists.compact(), failed('merging segments')),
      every(MINUTE, () => keys.flush(), failed('writing down the use of keys')),
      every(60 * MINUTE, () => lists.sweep(), failed('sweeping unused segments')),
    );
  }

  /** What works and could be better, for people to read. */
  #shortcomings(): string[] {
    const { lists, database, keyring } = this.#parts;
    const found: string[] = [];
    for (const { list, detail, olderVersionMatches } of lists.problems()) {
      if (olderVersionMatches) found.push(`The newest version of ${list} could not be loaded: ${detail}`);
    }
    if (!database.fsync) found.push('The database does not write through to the disk: a power cut can lose changes.');
    if (keyring.source === 'file-created') {
      found.push('A key that seals the data was made in keys/master.key. Keep a copy of it apart from the data.');
    }
    const missing = sandboxReport().filter(({ holds }) => !holds);
    if (missing.length > 0) {
      found.push(`Decoders run without: ${missing.map(({ measure }) => measure).join(', ')} (\`vigie doctor\`).`);
    }
    return found;
  }
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
