import { createHash } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Logger } from 'pino';
import { ApiKeys } from './access/api-keys.js';
import type { Config } from './config.js';
import { Curation } from './curation/curation.js';
import { SourceRoute } from './curation/source-route.js';
import { BeforePublication } from './enforcement/before-publication.js';
import { Enforcement } from './enforcement/enforcement.js';
import { proposeFor } from './enforcement/propose-for.js';
import { VERSION } from './engine.js';
import type { VigieError } from './errors.js';
import { GroundFloor } from './ground-floor.js';
import { MatchIndex } from './index/match-index.js';
import { MemoryPool } from './index/pdq/memory-pool.js';
import type { LookFurther } from './intake/intake-parts.js';
import { lookNow } from './intake/look-now.js';
import { openContent } from './intake/sealed-content.js';
import { Banks } from './lists/banks/banks.js';
import { FloodWatch } from './lists/flood/flood-watch.js';
import { Lists } from './lists/lists.js';
import { Publishing } from './lists/publishing/publishing.js';
import { SealedBlobStore } from './lists/sealed-blob-store.js';
import { SOURCE_KINDS } from './lists/sources/source-kinds.js';
import { SourceSync } from './lists/sync/source-sync.js';
import { Sources } from './lists/sync/sources.js';
import { createPhotoDnaHasher } from './media/photodna-hasher.js';
import { MediaPool } from './media/pool.js';
import { VideoPool } from './media/video/video-pool.js';
import { Metrics } from './metrics/metrics.js';
import type { Cases } from './moderation/cases.js';
import { caseOfReport } from './moderation/platform-reports.js';
import { GuardedClient } from './net/guarded-client.js';
import { openScoring } from './open-scoring.js';
import { handShared } from './platforms/connection-intake.js';
import { Deliveries } from './platforms/deliveries.js';
import { fetchFromPlatform } from './platforms/fetch-from-platform.js';
import { openPolicyServer } from './platforms/matrix/policy/open-policy-server.js';
import type { PolicyServer } from './platforms/matrix/policy/policy-server.js';
import { PLATFORM_KINDS } from './platforms/platform-kinds.js';
import { PlatformRunner } from './platforms/platform-runner.js';
import { Platforms } from './platforms/platforms.js';
import { Policies } from './policy/policies.js';
import { PolicyTrials } from './policy/policy-trials.js';
import type { JurisdictionOf } from './policy/stored-context.js';
import { openArachnid } from './remote-matcher.js';
import { FindWriter } from './retro/find-writer.js';
import { Retro } from './retro/retro.js';
import { tellFinds } from './retro-tellers.js';
import { acting } from './runtime/acting.js';
import type { RemoteMatcher } from './scan/remote/remote-matcher.js';
import { Scanner } from './scan/scanner.js';
import { SeenLog } from './scan/seen-log.js';
import { raiseAttention, settleAttention } from './storage/attention/raise-attention.js';
import type { BlobStore } from './storage/blob-store.js';
import { openBlobStore, resolveBlobStorePlace } from './storage/blob-store-place.js';
import { DataDir } from './storage/data-dir.js';
import { type Database, openDatabase } from './storage/database.js';
import type { BatchFiles } from './storage/events/batch-files.js';
import { Events } from './storage/events/events.js';
import { openBatches } from './storage/events/open-batches.js';
import { loadInstance } from './storage/instance-store.js';
import type { Keyring } from './storage/keyring.js';
import { findListById, listLists } from './storage/list-store.js';
import { takeNodeFile } from './storage/nodes/node-file.js';
import type { NodeState } from './storage/nodes/node-store.js';
import { NodeTable } from './storage/nodes/node-table.js';
import { type KeyPlace, openKeyring } from './storage/open-keyring.js';
import { PlatformStore } from './storage/platform-store.js';
import type { NodeRole } from './storage/schema.js';
import { openSecret } from './storage/secrets.js';
import { SourceStore } from './storage/source-store.js';
import { TableWorkStream } from './storage/work/table-work-stream.js';
import type { WorkStream } from './storage/work/work-stream.js';

/** A process that has not heard of list changes for so long cannot know what was withdrawn: it is not ready. */
export const STALE_MS = 5_000;

/** Half of the processors at the most, so that live work has the others to itself. */
const MOST_RETRO_THREADS = 2;

export interface OpenOptions {
  readonly logger: Logger;
  /** Start the decoder processes now; without, the first medium waits for them. */
  readonly decoders: boolean;
  readonly signal?: AbortSignal;
  /** What it is for the others; `serve` when left out. */
  readonly role?: NodeRole;
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
  readonly banks: Banks;
  readonly publishing: Publishing;
  readonly sources: Sources;
  /** Starts when the service does. */
  readonly sync: SourceSync;
  readonly platforms: Platforms;
  /** What they deliver by themselves. */
  readonly deliveries: Deliveries;
  /** Those to platforms. They are made when the service starts. */
  readonly connections: PlatformRunner;
  /** Answers servers of Matrix before they publish, where that is switched on. */
  readonly policyServer: PolicyServer | undefined;
  /** What is done there. It starts when the service does. */
  readonly enforcement: Enforcement;
  readonly pool: MediaPool;
  readonly videos: VideoPool;
  readonly scanner: Scanner;
  /** Who is asked about what no list knows, where that is switched on. */
  readonly remote: RemoteMatcher | undefined;
  /** Who scores what no list knows, where that is switched on. */
  readonly scoring: ReturnType<typeof openScoring> | undefined;
  readonly seen: SeenLog;
  readonly flood: FloodWatch;
  readonly keys: ApiKeys;
  readonly stream: WorkStream;
  readonly nodes: NodeTable;
  readonly floor: GroundFloor;
  readonly curation: Curation;
  readonly retro: Retro;
  readonly policies: Policies;
  readonly policyTrials: PolicyTrials;
  readonly metrics: Metrics;
  /** Where files lie, as they are stored. */
  readonly stored: { readonly segments: BlobStore; readonly media: BlobStore; readonly events: BatchFiles };
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
  const { logger, decoders, signal, onProgress, role = 'serve' } = options;
  await using opened = new Opened();
  const dataDir = opened.own(await DataDir.open(config.dataDir, { create: true, ...given({ signal }) }));
  const node = nodeName(dataDir);
  const segments = await resolveBlobStorePlace(config.segments, 'segments', dataDir);
  // What one process took in may be looked at by another.
  const media = await resolveBlobStorePlace(config.segments, 'media', dataDir);
  const store = openBlobStore(segments);
  const others = role === 'worker' || config.segments !== undefined;
  const keyring = await openKeyring(others ? shared(dataDir.keyPlace, store, role) : dataDir.keyPlace);
  // Processes of their own, which start while the database and the lists are opened here.
  const pool = opened.own(new MediaPool(config.decoders));
  const starting = decoders ? pool.start() : undefined;
  starting?.catch(() => undefined);
  const videos = opened.own(new VideoPool({ ...config.videos, maxBytes: config.limits.videoBytes }));
  const place = config.databaseUrl === undefined ? { dataDir: dataDir.db } : { url: config.databaseUrl };
  const database = opened.own(await openDatabase(place, { allowNoFsync: config.allowNoFsync, ...given({ signal }) }));
  const events = new Events(keyring);
  // Told of this process from the start on; until its lists are loaded, that it is not ready.
  const told: { state: () => NodeState } = { state: () => ({ appliedSeq: 0, ready: false }) };
  const nodes = new NodeTable({
    database,
    role,
    version: VERSION,
    name: node,
    state: () => told.state(),
    raise: (tx, { id, name }) =>
      raiseAttention(tx, { kind: 'node-stale', cause: id, subject: `node:${name}`, detail: { node: name } }),
    settle: (tx, id) => settleAttention(tx, { kind: 'node-stale', cause: id }, 'service'),
    failed: (error) => logger.warn({ err: error }, 'this node could not give a sign of life'),
  });
  opened.own(nodes);
  await nodes.start(await takeNodeFile(dataDir.nodeFile, nodes.id));
  const memory = new MemoryPool({ limit: config.limits.indexBytes });
  const { metric, threshold = 0 } = config.photodna;
  const index = new MatchIndex({ pool: memory, photodna: { metric, threshold } });
  const { keyFile, canaryFile } = dataDir.keyPlace;
  const mediumKey = await openSecret(database, keyring, 'medium-digest');
  const blobs = new SealedBlobStore(store, keyring);
  const lists = opened.own(
    new Lists({
      database,
      index,
      pool: memory,
      blobs,
      record: events.record,
      node: nodes,
      place: { store: segments, keyFile, canaryFile },
      sampleKey: mediumKey,
    }),
  );
  await lists.load({
    ...given({ signal }),
    onProgress: ({ list, segment, segments: of }) => onProgress?.(`Loading ${list}: ${segment} of ${of} segments`),
  });
  await lists.follow();
  const ready = () => lists.ready && !lists.incomplete && lists.staleness <= STALE_MS;
  told.state = () => ({ appliedSeq: lists.appliedSeq, ready: ready() });
  await starting;
  const seen = opened.own(new SeenLog(dataDir.seen, keyring));
  const client = new GuardedClient({ allow: config.allowFetchFrom, timeoutMs: config.limits.fetchMs });
  const metrics = new Metrics();
  const flood = opened.own(
    new FloodWatch({
      ...config.flood,
      database,
      record: events.record,
      key: mediumKey,
      applied: () => lists.applied(),
      quarantined: () => metrics.count('vigie_entries_quarantined_total', {}),
      failed: (error) => logger.warn({ err: error }, 'what entries match could not be counted'),
    }),
  );
  const photodna = createPhotoDnaHasher(config.photodna.hasher);
  const remote =
    config.arachnid && opened.own(openArachnid(config.arachnid, { client, metrics, database, logger, node }));
  const scanner = new Scanner({
    lists,
    onMatches: (medium, matches) => flood.note(medium, matches),
    pool,
    seen,
    client,
    ...given({ photodna, remote }),
    maximumBytes: config.limits.mediaBytes,
    maximumVideoBytes: config.limits.videoBytes,
    videos,
    memory,
    cacheBytes: config.limits.cacheBytes,
  });
  const fed = {
    ...{ database, lists, kinds: SOURCE_KINDS, record: events.record },
    store: new SourceStore(keyring),
    house: { client, now: Date.now },
  };
  const failedSync = (error: unknown) => logger.error({ err: error }, 'syncing sources failed');
  const sync = opened.own(new SourceSync({ ...fed, node, failed: failedSync }));
  const connected = {
    ...{ database, kinds: PLATFORM_KINDS, store: new PlatformStore(keyring) },
    house: { client, logger, now: Date.now },
  };
  const fetch = fetchFromPlatform(connected);
  const stream = opened.own(await openStream(config, database, logger));
  const mediaStore = openBlobStore(media);
  const placed = { shared: config.segments !== undefined, server: config.databaseUrl !== undefined };
  const batches = openBatches({ segments, ...placed, local: dataDir.events }, keyring);
  const itemMedia = new SealedBlobStore(mediaStore, keyring, 'medium');
  const following: { verdict: Enforcement['follow']; again: Cases['lookedAtAgain'] } = {
    verdict: () => ({ copies: [] }),
    again: async () => undefined,
  };
  const further: { look: LookFurther } = { look: () => false };
  const floor = opened.own(
    await GroundFloor.open({
      config,
      database,
      keyring,
      events,
      batches,
      stream,
      scanner,
      lists,
      client,
      fetch,
      media: itemMedia,
      followVerdict: (verdict) => following.verdict(verdict),
      lookedAtAgain: (tx, items) => following.again(tx, items),
      lookFurther: (unknown, release) => further.look(unknown, release),
      logger,
      node,
      ready,
      metrics,
    }),
  );
  const reports: { take: ReturnType<typeof caseOfReport> } = { take: async () => undefined };
  const connections = opened.own(
    new PlatformRunner({
      ...connected,
      ...{ node, items: floor.intake.items, listens: role !== 'worker' },
      report: (platform, report) => reports.take(platform, report),
      came: () => floor.outbox.nudge(),
      failed: (error) => logger.error({ err: error }, 'holding connections to platforms failed'),
    }),
  );
  const deliveries = new Deliveries({
    ...connected,
    deliver: (platform, body, aborted) => connections.deliver(platform, body, aborted),
  });
  const policies = opened.own(
    await Policies.open({
      ...{ database, record: events.record },
      listNames: async () => (await listLists(database.db)).map(({ name }) => name),
      failed: (error) => logger.error({ err: error }, 'the policy could not be followed'),
    }),
  );
  const jurisdictionOf: JurisdictionOf = (itemId, sealed) => openContent(keyring, itemId, sealed).jurisdiction;
  const policyTrials = new PolicyTrials({ database, policies, jurisdictionOf });
  const propose = proposeFor(() => policies.active());
  const accountId = async (platform: string, account: string) =>
    (await floor.intake.subjectOf({ platform, account }))?.slice('account:'.length);
  const enforcement = opened.own(
    new Enforcement({
      ...{ database, keyring, metrics, client, record: events.record, outbox: floor.outbox, blobs: itemMedia },
      fetch,
      unsealForSubject: (db, subject, sealed, aad) => events.subjectKeys.unseal(db, subject, sealed, aad),
      copiesKey: mediumKey,
      held: () => connections.held,
      act: (platform, order, aborted) => connections.act(platform, order, aborted),
      maximumBytes: Math.max(config.limits.mediaBytes, config.limits.videoBytes),
      accountId,
      dispute: ({ listId, entryId }, reason, by) => disputeEntry(database, lists, { listId, entryId, reason, by }),
      propose,
      ...config.removals,
      retainMs: config.evidenceMs,
      failed: (error) => logger.warn({ err: error }, 'watching over what is done on platforms failed'),
    }),
  );
  following.verdict = (verdict) => enforcement.follow(verdict);
  following.again = (tx, items) => enforcement.cases.lookedAtAgain(tx, items);
  const scoring =
    config.scorer &&
    opened.own(
      openScoring(config.scorer, {
        ...{ database, keyring, client, metrics, logger, node, fetch, jurisdictionOf, record: events.record },
        ...{ cases: enforcement.cases, blobs: itemMedia, policy: () => policies.active() },
      }),
    );
  if (scoring !== undefined) further.look = (unknown, release) => scoring.take(unknown, release);
  const publication = new BeforePublication({
    ...{ database, propose, accountId, now: Date.now },
    look: (shared, aborted) => lookNow({ scanner, words: lists, fetch }, shared, aborted),
    hand: (platform, item) => handShared(platform, (draft) => floor.intake.items.hand(draft), item),
    gone: (platform, ids) => floor.intake.items.gone(platform, ids),
  });
  const answered = (platform: string, answer: string) =>
    metrics.count('vigie_publication_answers_total', { platform, answer });
  const policyServer =
    config.matrixPolicyPort === undefined
      ? undefined
      : await openPolicyServer({ ...connected, keyring, publication, answered });
  reports.take = caseOfReport({ database, cases: enforcement.cases });
  const curation = new Curation({
    ...{ database, keyring, lists, client, record: events.record, outbox: floor.outbox },
    route: new SourceRoute(fed),
    hasSource: async (listId) => (await fed.store.ofList(database.db, listId)) !== undefined,
    tools: {
      ...{ pool, videos, maximumBytes: config.limits.mediaBytes, maximumVideoBytes: config.limits.videoBytes },
      photodna,
    },
  });
  const { subjectKeys, record } = events;
  const retro = new Retro({
    database,
    lists,
    seen,
    place: { store: segments, keyFile, canaryFile },
    sampleKey: mediumKey,
    writer: new FindWriter({
      record,
      sealForSubject: (tx, subject, plain, aad) => subjectKeys.seal(tx, subject, plain, aad),
      tell: tellFinds(floor.webhooks),
      referenceKey: await openSecret(database, keyring, 'retro-reference'),
      node,
    }),
    record,
    unsealForSubject: (db, subject, sealed, aad) => subjectKeys.unseal(db, subject, sealed, aad),
    raise: raiseAttention,
    settle: (tx, attention) => settleAttention(tx, attention, 'service'),
    node,
    threads: Math.max(1, Math.min(MOST_RETRO_THREADS, Math.floor(availableParallelism() / 2))),
    busy: () => pool.waiting > 0 || videos.waiting > 0,
    counted: ({ records, told, held }) => {
      metrics.count('vigie_retro_records_total', {}, records);
      metrics.count('vigie_retro_finds_total', { outcome: 'told' }, told);
      metrics.count('vigie_retro_finds_total', { outcome: 'held' }, held);
    },
  });
  await retro.start();
  metrics.collect({ names: ['vigie_retro_runs'], collect: (tell) => tell('vigie_retro_runs', retro.open) });
  const keys = new ApiKeys(database, events.record);
  const failed = (error: unknown) => logger.warn({ err: error }, 'keeping what is published up to date failed');
  const publishing = new Publishing({ database, keyring, lists, blobs, record: events.record, failed });
  const stored = { segments: store, media: mediaStore, events: batches };
  const firstStart = (await keys.ls()).length === 0;
  opened.keep();
  return {
    dataDir,
    keyring,
    database,
    index,
    lists,
    banks: new Banks({ database, keyring, lists }),
    publishing,
    sources: new Sources(fed),
    sync,
    platforms: new Platforms({ ...connected, record: events.record }),
    deliveries,
    connections,
    policyServer,
    enforcement,
    pool,
    videos,
    scanner,
    remote,
    scoring,
    seen,
    flood,
    keys,
    stream,
    nodes,
    floor,
    curation,
    retro,
    policies,
    policyTrials,
    stored,
    metrics,
    node,
    firstStart,
  };
}

/** A list that is gone has nothing to dispute. */
async function disputeEntry(
  database: Database,
  lists: Lists,
  { listId, entryId, reason, by }: { listId: string; entryId: string; reason: string; by: string },
): Promise<void> {
  const list = await findListById(database.db, listId);
  if (list !== undefined) await acting(by, () => lists.dispute(list.name, [entryId], { reason, by }));
}

async function openStream({ natsUrl }: Config, database: Database, logger: Logger): Promise<WorkStream> {
  if (natsUrl === undefined) return await TableWorkStream.open(database);
  const { NatsWorkStream } = await import('./storage/work/nats-work-stream.js');
  // Several installations may use one server.
  const { id } = await loadInstance(database.db, {});
  const onTrouble = (error: VigieError) => logger.warn({ err: error }, 'the work stream is away');
  return await NatsWorkStream.open({ url: natsUrl, stream: `vigie-${id}`, onTrouble });
}

/** The same at each start of a process on its directory, and another for each that shares the database. */
function nodeName({ path }: DataDir): string {
  return `${hostname()}-${createHash('sha256').update(path).digest('hex').slice(0, 6)}`;
}

/** A key that is made here could not open what other nodes have sealed in a store that they share. */
function shared(place: KeyPlace, store: BlobStore, role: NodeRole): KeyPlace {
  return {
    ...place,
    holdsSealedData: async () => {
      if (role === 'worker') return true;
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
