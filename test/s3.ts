/** An object store for tests: s3rver as a process of its own, on a free loopback port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './nats.js';

const BUCKET = 'segments';
const PROGRAM = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');

export interface ObjectStore {
  /** For the processes that use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** `s3://…` */
  readonly bucket: string;
  /** SIGKILL; what is stored stays. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-s3-'));
  const port = await freePort();
  let server = await launch(directory, port);
  return {
    bucket: `s3://${BUCKET}`,
    environment: {
      VIGIE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      // The only ones that it knows.
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    crash: () => end(server),
    async restart() {
      server = await launch(directory, port);
    },
    async stop() {
      await end(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(directory: string, port: number): Promise<ChildProcess> {
  const place = `-d "${directory}" -a 127.0.0.1 -p ${port} --no-vhost-buckets --configure-bucket ${BUCKET}`;
  // The shell ends the server when the test process goes away, however it goes: then its standard input closes.
  const script = `"${process.execPath}" "${PROGRAM}" -s ${place} & read _; kill -KILL $!; wait`;
  const server = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  for (let attempt = 0; ; attempt++) {
    if (await accepts(port)) return server;
    if (attempt === 200) throw new Error('s3rver does not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await exited;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
}
