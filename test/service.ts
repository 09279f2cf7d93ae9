/** The real service as a process of its own, on a temporary directory and a free port. Needs a build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { copyTemplate } from './database-templates.js';

/** The command line as people start it; tests and benches run in the project's folder. */
export const VIGIE = resolve('bin/vigie.js');

export interface ServiceOptions {
  /** A data directory of an earlier service, to go on with; a new temporary one when left out. */
  readonly data?: string;
  /** More options of `vigie serve`, such as `--sample`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The key that the first start on this directory printed. */
  readonly key?: string;
}

export interface RunningService {
  readonly data: string;
  /** Such as `http://127.0.0.1:41234`. */
  readonly address: string;
  /** The one-time link to the page. */
  readonly link: string;
  /** The key of the first start; empty on a directory that has one already, unless it was given. */
  readonly key: string;
  readonly process: ChildProcess;
  /** What it wrote to standard error until now. */
  log(): string;
  /** A request with the key. */
  call(
    method: string,
    path: string,
    body?: NonNullable<RequestInit['body']>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** SIGTERM, as a service manager does it. @returns the exit code; null when a signal ended it */
  stop(): Promise<number | null>;
  /** SIGKILL, as a power cut does it. */
  kill(): Promise<void>;
  /** Starts it again on the same directory with the same options and key. Stop or kill it before. */
  restart(): Promise<RunningService>;
  /** Ends it if it runs, and removes the directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Long enough for a busy machine; what takes longer has failed. */
const START_MS = 60_000;
const CALL_MS = 60_000;

/** Starts `vigie serve` and waits until it answers. @throws Error with what it wrote, when it ends before */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const data = options.data ?? (await newDataDir(options.env?.['DATABASE_URL'] === undefined));
  const child = spawn(process.execPath, [VIGIE, 'serve', '--data', data, '--port', '0', ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return await exited;
  };
  const lines = await untilUp(child.stdout, exited).catch(async (error: unknown) => {
    await end('SIGKILL');
    throw new Error(`the service did not start: ${log}`, { cause: error });
  });
  const link = lines.at(-1) ?? '';
  const address = new URL(link).origin;
  const key = lines.length > 1 ? (lines[0] ?? '') : (options.key ?? '');
  return {
    data,
    address,
    link,
    key,
    process: child,
    log: () => log,
    call: async (method, path, body, headers = {}) =>
      await fetch(address + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...headers },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(CALL_MS),
      }),
    stop: async () => await end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
    restart: async () => await startService({ ...options, data, key }),
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** A new data directory; with an empty embedded database in it already, as making one takes seconds. */
export async function newDataDir(embedded = true): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'vigie-service-'));
  if (embedded) {
    await writeFile(join(data, 'vigie-data'), 'A data directory of Vigie, layout 1.\n');
    await copyTemplate(join(data, 'db'));
  }
  return data;
}

/** What it prints, up to the link, which is the last line. The stream is left open: a service must not meet a closed one. */
async function untilUp(stdout: Readable, exited: Promise<unknown>): Promise<string[]> {
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('too late')), START_MS);
    void exited.then((code) => reject(new Error(`it ended with ${code}`))).finally(() => clearTimeout(timer));
    let text = '';
    stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!/\/open#\S+\n/.test(text)) return;
      clearTimeout(timer);
      resolve(text.trim().split('\n'));
    });
  });
}
