import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, DEFAULTS } from '../config.js';
import { VigieError } from '../errors.js';
import { isDataDir, socketPathOf } from '../storage/data-dir.js';
import { errnoOf } from '../storage/durable-file.js';
import { interrupted } from './interrupt.js';
import { ranges, size } from './options.js';
import { clearStatus, remark, showStatus } from './output.js';
import { ServiceClient } from './service-client.js';

export interface WithServiceOptions {
  /** Make the data directory when there is none; for commands that put something into it. */
  readonly create?: boolean;
}

/** So long a command waits for a service that is just starting or stopping. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/**
 * Runs a command against the service that owns a data directory. When none runs, the command owns the directory itself
 * for as long as it takes, and speaks to itself through the same socket: there is one way of changing things.
 * @throws VigieError `data-dir-missing`, `data-dir-in-use`, and what `act` throws
 */
export async function withService<T>(
  dataDir: string,
  act: (service: ServiceClient) => Promise<T>,
  { create = false }: WithServiceOptions = {},
): Promise<T> {
  const signal = interrupted();
  const until = Date.now() + PATIENCE_MS;
  for (let said = false; ; said = true) {
    const running = await connect(dataDir);
    if (running !== undefined) return await use(running, act);
    if (!create && !(await isDataDir(dataDir))) throw new VigieError('data-dir-missing', { detail: dataDir });
    try {
      return await alone(dataDir, act, signal);
    } catch (error) {
      if (!(error instanceof VigieError && error.code === 'data-dir-in-use') || Date.now() > until) throw error;
      if (!said) remark(`Waiting: a process that is starting or stopping holds ${dataDir} (${error.detail ?? '?'}).`);
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}

/** The socket of the service on a data directory. @throws VigieError `service-not-running`, `service-not-yours` */
export async function socketPathFor(dataDir: string): Promise<string> {
  try {
    return await socketPathOf(dataDir);
  } catch (cause) {
    const denied = cause instanceof VigieError && errnoOf(cause.cause) === 'EACCES';
    throw new VigieError(denied ? 'service-not-yours' : 'service-not-running', { detail: dataDir, cause });
  }
}

async function use<T>(client: ServiceClient, act: (service: ServiceClient) => Promise<T>): Promise<T> {
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}

async function alone<T>(dataDir: string, act: (service: ServiceClient) => Promise<T>, signal: AbortSignal): Promise<T> {
  // Most commands find a running service, and need not wait until all of it is loaded here.
  const [{ App }, { createLogger }] = await Promise.all([import('../app.js'), import('../runtime/logger.js')]);
  const app = await App.open(configFor(dataDir), {
    logger: createLogger('silent'),
    decoders: false,
    signal,
    onProgress: showStatus,
  });
  clearStatus();
  try {
    await app.listenLocally();
    return await use(new ServiceClient(app.socketPath), act);
  } finally {
    await app.close();
  }
}

/** What of the service's settings must hold here too; they come from the same environment. */
function configFor(dataDir: string): Config {
  const { VIGIE_ALLOW_FETCH_FROM, VIGIE_ALLOW_NO_FSYNC, VIGIE_INDEX_MEMORY, VIGIE_SEGMENTS, NATS_URL, DATABASE_URL } =
    process.env;
  const { limits } = DEFAULTS;
  return {
    ...DEFAULTS,
    dataDir,
    databaseUrl: DATABASE_URL,
    segments: VIGIE_SEGMENTS,
    natsUrl: NATS_URL,
    allowFetchFrom: VIGIE_ALLOW_FETCH_FROM === undefined ? [] : ranges(VIGIE_ALLOW_FETCH_FROM),
    allowNoFsync: VIGIE_ALLOW_NO_FSYNC !== undefined,
    limits: { ...limits, indexBytes: VIGIE_INDEX_MEMORY === undefined ? limits.indexBytes : size(VIGIE_INDEX_MEMORY) },
  };
}

async function connect(dataDir: string): Promise<ServiceClient | undefined> {
  let client: ServiceClient | undefined;
  try {
    client = new ServiceClient(await socketPathFor(dataDir));
    await client.call('GET', '/healthz');
    return client;
  } catch (error) {
    await client?.close();
    if (error instanceof VigieError && ABSENT.has(error.code)) return undefined;
    throw error;
  }
}

/** None runs, or the one that did is ending. */
const ABSENT = new Set(['service-not-running', 'service-lost', 'shutting-down']);
