/** A NATS server with JetStream for tests: Debian's, on a free loopback port, with a store of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    crash: () => end(server),
    wipe: () => rm(join(store, 'jetstream'), { recursive: true }),
    async restart() {
      server = await launch(store, port);
    },
    async stop() {
      await end(server);
      await rm(store, { recursive: true, force: true });
    },
  };
}

async function launch(store: string, port: number): Promise<ChildProcess> {
  // The shell ends the server when the test process goes away, however it goes: then its standard input closes.
  const script = `${BINARY} -js -sd "${store}" -a 127.0.0.1 -p ${port} & read _; kill -KILL $!; wait`;
  const server = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  for (let attempt = 0; ; attempt++) {
    if (await answers(port)) return server;
    if (attempt === 200) throw new Error('nats-server does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await exited;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
