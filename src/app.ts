import { chmod, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ApiKeys } from './access/api-keys.js';
import { RateGate } from './access/rate-gate.js';
import { Sessions } from './access/sessions.js';
import { type AppParts, type OpenOptions, openParts, STALE_MS } from './app-parts.js';
import type { Config } from './config.js';
import { ENGINE, VERSION } from './engine.js';
import { VigieError } from './errors.js';
import type { GroundFloor } from './ground-floor.js';
import { buildHmaServer } from './http/hma/hma-server.js';
import { buildMatrixPolicyServer } from './http/matrix-policy-server.js';
import { buildServer } from './http/server.js';
import type { BackupOrder, BackupSummary, SealKeys, ServiceStatus, Services } from './http/services.js';
import type { Lists } from './lists/lists.js';
import type { Publishing } from './lists/publishing/publishing.js';
import { sandboxReport } from './media/sandbox.js';
import { INSTALL_FFMPEG } from './media/video/programs.js';
import type { Metrics } from './metrics/metrics.js';
import { registerSources } from './metrics-sources.js';
import { lookAtOwnState } from './own-state.js';
import { every } from './runtime/every.js';
import type { Scanner } from './scan/scanner.js';
import { createBackup } from './storage/backup/create-backup.js';
import { keyUse } from './storage/key-use.js';
import { randomId } from './storage/random-id.js';
import { rewrap } from './storage/rewrap.js';
import { Watch } from './watch.js';

export interface AppOptions extends OpenOptions {
  /** False: items are taken in, and looked at by other processes. True when left out, if there are decoders. */
  readonly work?: boolean;
}

/** What has begun may take so long to end when the service stops. */
const DRAIN_MS = 25_000;
const SECOND = 1_000;
const MINUTE = 60_000;
/** With what it takes until every process has read of it, less than a second. */
const TERMS_MS = 400;

/** The service: the one place where everything is wired. It owns its data directory until `close`. */
export class App implements Services {
  readonly config: Config;
  readonly lists: Lists;
  readonly banks: AppParts['banks'];
  readonly publishing: Publishing;
  readonly sources: AppParts['sources'];
  readonly platforms: AppParts['platforms'];
  readonly deliveries: AppParts['deliveries'];
  readonly enforcement: AppParts['enforcement'];
  readonly scanner: Scanner;
  readonly keys: ApiKeys;
  readonly audit: GroundFloor['audit'];
  readonly intake: GroundFloor['intake'];
  readonly curation: AppParts['curation'];
  readonly nodes: AppParts['nodes'];
  readonly outbox: GroundFloor['outbox'];
  readonly webhooks: GroundFloor['webhooks'];
  readonly attentions: GroundFloor['attentions'];
  readonly retro: AppParts['retro'];
  readonly policies: AppParts['policies'];
  readonly policyTrials: AppParts['policyTrials'];
  readonly sessions = new Sessions();
  readonly rates: RateGate;
  readonly metrics: Metrics;
  /** True when no key was ever created here. */
  readonly firstStart: boolean;
  readonly #parts: AppParts;
  readonly #logger: Logger;
  /** Whether decoder processes were started, and so have to be there. */
  readonly #decoding: boolean;
  readonly #unforeseen = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #servers: FastifyInstance[] = [];
  readonly #chores: (() => Promise<void>)[] = [];
  #address = '';
  #hmaAddress: string | undefined;
  #matrixPolicyAddress: string | undefined;

  private constructor(config: Config, parts: AppParts, { logger, decoders }: AppOptions) {
    this.config = config;
    this.#decoding = decoders;
    this.#parts = parts;
    this.#logger = logger;
    this.rates = new RateGate(config.rates);
    this.metrics = parts.metrics;
    this.lists = parts.lists;
    this.banks = parts.banks;
    this.publishing = parts.publishing;
    this.sources = parts.sources;
    this.platforms = parts.platforms;
    this.deliveries = parts.deliveries;
    this.enforcement = parts.enforcement;
    this.scanner = parts.scanner;
    this.keys = parts.keys;
    this.audit = parts.floor.audit;
    this.intake = parts.floor.intake;
    this.curation = parts.curation;
    this.nodes = parts.nodes;
    this.outbox = parts.floor.outbox;
    this.webhooks = parts.floor.webhooks;
    this.attentions = parts.floor.attentions;
    this.retro = parts.retro;
    this.policies = parts.policies;
    this.policyTrials = parts.policyTrials;
    this.firstStart = parts.firstStart;
  }

  /**
   * Takes the data directory, opens everything in it and loads the lists.
   * @throws VigieError of the storage family; `memory-exhausted`; the signal's reason. Nothing stays open then
   */
  static async open(config: Config, options: AppOptions): Promise<App> {
    const parts = await openParts(config, options);
    const app = new App(config, parts, options);
    const { database, index, lists, pool, videos, stream } = parts;
    const depth = () => stream.depth();
    registerSources(app.metrics, {
      sources: parts.sources,
      database,
      index,
      lists,
      pool,
      videos,
      depth,
      readiness: () => app.readiness(),
    });
    // A command that owns the directory for a moment delivers nothing and looks at nothing.
    await parts.floor.start({ deliver: options.decoders, work: options.work ?? options.decoders });
    if (options.decoders) await parts.publishing.publisher.start();
    if (options.decoders && options.role !== 'worker') await parts.sync.start();
    if (options.decoders) {
      await parts.connections.start();
      parts.enforcement.start();
    }
    app.#doChores();
    // The service does not wait for them: pictures are far more common than videos.
    if (options.decoders) void parts.videos.start().catch(() => undefined);
    return app;
  }

  get socketPath(): string {
    return this.#parts.dataDir.socketPath;
  }

  /** Where the page is reached; empty until `listen`. */
  get address(): string {
    return this.#address;
  }

  /** Where the interface of Hasher-Matcher-Actioner is reached; undefined when it is off. */
  get hmaAddress(): string | undefined {
    return this.#hmaAddress;
  }

  /** Where servers of Matrix ask before they publish; undefined when it is off. */
  get matrixPolicyAddress(): string | undefined {
    return this.#matrixPolicyAddress;
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
    this.#address = addressOf(host, server);
    const { hma } = this.config;
    if (hma !== undefined) {
      const { trusted } = hma;
      const compatible = await buildHmaServer({ services: this, logger: this.#logger, trusted });
      this.#servers.push(compatible);
      await compatible.listen({ host, port: hma.port });
      this.#hmaAddress = addressOf(host, compatible);
    }
    const { policyServer } = this.#parts;
    if (policyServer !== undefined && this.config.matrixPolicyPort !== undefined) {
      const asked = await buildMatrixPolicyServer({ services: this, policyServer, logger: this.#logger });
      this.#servers.push(asked);
      await asked.listen({ host, port: this.config.matrixPolicyPort });
      this.#matrixPolicyAddress = addressOf(host, asked);
    }
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
    const { database, keyring, dataDir, stored } = this.#parts;
    const place = { database, keyring, ...stored, seen: dataDir.seen, version: VERSION };
    const { tables, files, missing } = await createBackup({ ...place, ...order });
    return {
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      files: files.length,
      bytes: [...tables, ...files].reduce((sum, { bytes }) => sum + bytes, 0),
      missing,
      workers: (await this.nodes.all()).filter(({ role, leftAt }) => role === 'worker' && leftAt === null).length,
    };
  }

  async sealKeys(): Promise<SealKeys> {
    const { database, keyring, dataDir, stored } = this.#parts;
    const uses = await keyUse(database.db, [dataDir.segments, dataDir.seen, dataDir.media], stored.events);
    const ids = new Set([...keyring.ids, ...uses.keys()]);
    const keys = [...ids].map((id) => ({
      id,
      active: id === keyring.activeId,
      here: keyring.has(id),
      ...(uses.get(id) ?? { rows: 0, files: 0 }),
    }));
    return { source: keyring.source, keys };
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

  noteUnforeseen(route: string): void {
    this.#unforeseen.set(route, (this.#unforeseen.get(route) ?? 0) + 1);
  }

  newId(): string {
    return randomId();
  }

  /** Refuses what is new, answers what has begun, and gives everything back. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new VigieError('shutting-down'));
    await this.#drain();
    const {
      floor,
      connections,
      remote,
      scoring,
      retro,
      policies,
      stream,
      sync,
      nodes,
      pool,
      videos,
      seen,
      flood,
      lists,
      publishing,
      keys,
      database,
      dataDir,
    } = this.#parts;
    const failed = (what: string) => (error: unknown) => this.#logger.warn({ err: error }, what);
    await sync.close();
    // They hand items in: before what takes them.
    await connections.close();
    await this.#parts.enforcement.close();
    await retro.close();
    await policies.close();
    // Before what waits for it.
    await remote?.close();
    await floor.close().catch(failed('not all that was under way was written down'));
    await scoring?.close();
    await stream.close();
    await publishing.publisher.close();
    await Promise.all([pool.close(), videos.close()]);
    await seen.close();
    await flood.close();
    // A merge that is under way gives way to the lists being closed.
    await Promise.all([lists.close(), ...this.#chores.map((stop) => stop())]);
    await keys.flush().catch(failed('use of keys was not written down'));
    await nodes.close();
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
    const { lists, banks, publishing, keys, floor, curation, retro, database, keyring, node } = this.#parts;
    const { intake, attentions } = floor;
    const watch = new Watch(database, `node:${node}`, () =>
      lookAtOwnState({ parts: this.#parts, decoding: this.#decoding, unforeseen: this.#unforeseen }),
    );
    const failed = (what: string) => (error: unknown) => this.#logger.warn({ err: error }, `${what} failed`);
    this.#chores.push(
      every(10 * SECOND, () => watch.tick(), failed('looking at the state of the service')),
      every(TERMS_MS, () => lists.endTerms(), failed('ending entries whose time is over')),
      every(SECOND, () => banks.endDisabled(), failed('ending the time in which contents are disabled')),
      every(2 * SECOND, () => curation.derivations.tend(), failed('merging derived signals')),
      every(MINUTE, () => curation.proposals.sweep(), failed('closing proposals')),
      every(MINUTE, () => lists.compact(), failed('merging segments')),
      every(MINUTE, () => intake.tend(), failed('tending items')),
      every(MINUTE, () => floor.verifier.turn(this.stopping), failed('verifying the record of events')),
      every(MINUTE, () => keys.flush(), failed('writing down the use of keys')),
      every(60 * MINUTE, () => intake.sweep(), failed('sweeping items and media')),
      every(60 * MINUTE, () => attentions.sweep(), failed('forgetting what was resolved long ago')),
      every(
        10 * MINUTE,
        () => rewrap(database.db, keyring, this.stopping),
        failed('sealing again under the active key'),
      ),
      every(60 * MINUTE, () => publishing.publisher.prune(), failed('forgetting old changes of published lists')),
      every(60 * MINUTE, () => lists.sweep(), failed('sweeping unused segments')),
    );
    // A command that owns the directory for a moment leaves it to the service.
    if (this.#decoding) {
      this.#chores.push(every(2 * SECOND, () => retro.turn(), failed('trying new entries against what was seen')));
    }
  }

  /** What works and could be better, for people to read. */
  #shortcomings(): string[] {
    const { lists, database, keyring, videos } = this.#parts;
    const found: string[] = [];
    if (!videos.available) {
      found.push(`Videos are only known by their exact hashes, as ffmpeg is not installed: ${INSTALL_FFMPEG}`);
    }
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

function addressOf(host: string, { server }: FastifyInstance): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
