/** An object store for tests: s3rver as a process of its own, on a free loopback port. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endServer, freePort, launchServer } from './shell-server.js';

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
    crash: () => endServer(server),
    async restart() {
      server = await launch(directory, port);
    },
    async stop() {
      await endServer(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(directory: string, port: number): Promise<ChildProcess> {
  const place = `-d "${directory}" -a 127.0.0.1 -p ${port} --no-vhost-buckets --configure-bucket ${BUCKET}`;
  return await launchServer(`"${process.execPath}" "${PROGRAM}" -s ${place}`, port, 'connect');
}
