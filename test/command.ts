/** Runs the real command line. Needs a build. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { VIGIE } from './service.js';

export interface Outcome {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<Outcome>;
}

/** Starts `vigie …` with its pipes open. What the environment of the tests sets for Vigie does not reach it. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const clean = Object.entries(process.env).filter(([name]) => !/^(VIGIE_|DATABASE_URL|FORCE_COLOR)/.test(name));
  const child = spawn(process.execPath, [VIGIE, ...args], { env: { ...Object.fromEntries(clean), ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that does not read its standard input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done };
}

/** Runs `vigie …` to its end. */
export async function vigie(args: readonly string[], stdin: string | Uint8Array = ''): Promise<Outcome> {
  const { child, done } = start(args);
  child.stdin.end(stdin);
  return await done;
}

/** The objects of JSON lines. */
export function jsonLines<T = Record<string, unknown>>({ stdout }: Outcome): T[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
