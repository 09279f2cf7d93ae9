import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A program that was started by a decoder process, under the limits of that process. */
export interface Running {
  readonly input: Writable | null;
  readonly output: Readable;
  readonly complaints: Readable;
  /** What it writes to its descriptor 3. */
  readonly aside: Readable;
  /** Its exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** The medium, as the program's own descriptor. */
export const MEDIUM_DESCRIPTOR = 4;
/** As a path that can be sought in: opening it makes a descriptor with a place of its own. */
export const MEDIUM_PATH = `/proc/self/fd/${MEDIUM_DESCRIPTOR}`;

/**
 * Starts a program with an empty environment.
 * @param words absolute path of the program, and its arguments
 * @param medium descriptor of the medium, which the program has as its number 4
 */
export function runProgram(words: readonly string[], medium: number, input: 'nothing' | 'pipe'): Running {
  const [program = '', ...args] = words;
  const first = input === 'pipe' ? 'pipe' : 'ignore';
  const child: ChildProcess = spawn(program, args, { env: {}, stdio: [first, 'pipe', 'pipe', 'pipe', medium] });
  const ended = Promise.race([
    once(child, 'exit').then(([code]) => code as number | null),
    // Not found, or no more processes allowed.
    once(child, 'error').then(() => 127),
  ]).catch(() => 127);
  const { stdout, stderr, stdio } = child;
  if (stdout === null || stderr === null) throw new RangeError('the program has no pipes');
  child.stdin?.on('error', () => undefined);
  return {
    input: child.stdin,
    output: stdout,
    complaints: stderr,
    aside: stdio[3] as Readable,
    ended,
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
