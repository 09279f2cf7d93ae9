/** Several real processes on one PostgreSQL, one place for segments, and, if wanted, one NATS. Needs a build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresCluster, startPostgres } from './databases.js';
import { type NatsServer, startNats } from './nats.js';
import { type RunningService, startService, VIGIE } from './service.js';

export interface WorkerProcess {
  readonly process: ChildProcess;
  log(): string;
  kill(): Promise<void>;
}

export interface Cluster extends AsyncDisposable {
  readonly postgres: PostgresCluster;
  readonly nats: NatsServer | undefined;
  readonly databaseUrl: string;
  /** Variables that all processes share. */
  readonly env: Readonly<Record<string, string>>;
  /** The process that listens. */
  readonly service: RunningService;
  readonly workers: readonly WorkerProcess[];
  /** Kills a process with SIGKILL and starts it anew on the same directory. @param index 0 the service, 1 … the workers */
  killAndRestart(index: number): Promise<void>;
}

export interface ClusterOptions {
  readonly workers: number;
  readonly nats?: boolean;
  readonly args?: readonly string[];
}

export async function startCluster({
  workers: count,
  nats: withNats = false,
  args = [],
}: ClusterOptions): Promise<Cluster> {
  const root = await mkdtemp(join(tmpdir(), 'vigie-cluster-'));
  const postgres = await startPostgres();
  const nats = withNats ? await startNats() : undefined;
  const databaseUrl = await postgres.createDatabase();
  const env = {
    DATABASE_URL: databaseUrl,
    VIGIE_KEY: randomBytes(32).toString('hex'),
    VIGIE_SEGMENTS: join(root, 'shared'),
    ...(nats === undefined ? {} : { NATS_URL: nats.url }),
  };
  await mkdir(env.VIGIE_SEGMENTS);
  const shared = ['--decoders', '1', '--allow-fetch-from', '127.0.0.0/8', ...args];
  let service = await startService({ env, args: shared });
  const startOne = (index: number) => startWorker(join(root, `worker-${index}`), env, shared);
  const workers = await Promise.all(Array.from({ length: count }, (_, i) => startOne(i + 1)));
  return {
    postgres,
    nats,
    databaseUrl,
    env,
    get service() {
      return service;
    },
    workers,
    async killAndRestart(index) {
      if (index === 0) {
        await service.kill();
        service = await service.restart();
      } else {
        await workers[index - 1]?.kill();
        workers[index - 1] = await startOne(index);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker.kill();
      await service[Symbol.asyncDispose]();
      await nats?.stop();
      await postgres.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function startWorker(
  data: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [VIGIE, 'worker', '--data', data, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  return {
    process: child,
    log: () => log,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
