/** A NATS server with JetStream for tests: Debian's, on a free loopback port, with a store of its own. */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endServer, freePort, launchServer } from './shell-server.js';

const BINARY = ['/usr/sbin/nats-server', '/usr/bin/nats-server'].find((path) => existsSync(path));

/** Why tests of NATS are skipped, or undefined when they can run. */
export const noNats: string | undefined = BINARY === undefined ? 'skipped: no nats-server' : undefined;

export interface NatsServer {
  readonly url: string;
  /** SIGKILL; what is stored stays. */
  crash(): Promise<void>;
  /** After `crash`: throws away what is stored, as a new disk does. */
  wipe(): Promise<void>;
  /** Starts it again after `crash`, at the same address. */
  restart(): Promise<void>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

export async function startNats(): Promise<NatsServer> {
  const store = await mkdtemp(join(tmpdir(), 'vigie-nats-'));
  const port = await freePort();
  let server = await launch(store, port);
  return {
    url: `nats://127.0.0.1:${port}`,
    crash: () => endServer(server),
    wipe: () => rm(join(store, 'jetstream'), { recursive: true }),
    async restart() {
      server = await launch(store, port);
    },
    async stop() {
      await endServer(server);
      await rm(store, { recursive: true, force: true });
    },
  };
}

async function launch(store: string, port: number): Promise<ChildProcess> {
  return await launchServer(`${BINARY} -js -sd "${store}" -a 127.0.0.1 -p ${port}`, port, 'data');
}
