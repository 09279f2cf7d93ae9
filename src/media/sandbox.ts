import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One thing that keeps a decoder process in its place, and whether it holds on this machine. */
export interface SandboxMeasure {
  readonly measure: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface SandboxLimits {
  /** Bytes of data that a process may hold, its WebAssembly and buffers among them. */
  readonly memoryBytes: number;
  /** Processor seconds of a process over its whole life. */
  readonly cpuSeconds: number;
}

/** `nobody` and `nogroup` on Debian. */
const NOBODY = 65_534;
const HEAP_MEGABYTES = 512;
const PROBE_MS = 5_000;

/** Words that start a process under limits; filled by trying each of them once. */
interface Wrappers {
  readonly words: readonly string[];
  readonly measures: readonly SandboxMeasure[];
}

let tried: Wrappers | undefined;

/**
 * Starts a program for decoding: an empty environment, a fresh empty working directory, no descriptors but one channel
 * (number 3), and as many of the further measures as this machine allows.
 * @param entry absolute path of the module to run
 */
export function spawnSandboxed(entry: string, limits: SandboxLimits): ChildProcess {
  const { words } = wrappers();
  const directory = mkdtempSync(join(tmpdir(), 'vigie-decoder-'));
  const command = [...words, ...limitWords(limits), ...nodeWords(), entry];
  const [program = process.execPath, ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: false,
  });
  // The process stands in its directory already: nobody can put anything into one that has no name.
  child.once('spawn', () => remove(directory));
  child.once('error', () => remove(directory));
  return child;
}

function remove(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not empty or gone: nothing of it is needed.
  }
}

function limitWords({ memoryBytes, cpuSeconds }: SandboxLimits): readonly string[] {
  if (!has('prlimit')) return [];
  return [
    'prlimit',
    `--data=${memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    '--fsize=0',
    '--core=0',
    // As root the number counts the processes of the whole machine's root; another user has only these.
    ...(asNobody() ? ['--nproc=256'] : []),
    '--',
  ];
}

function nodeWords(): readonly string[] {
  return [process.execPath, `--max-old-space-size=${HEAP_MEGABYTES}`, '--disable-proto=throw'];
}

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore', timeout: PROBE_MS }).status === 0;
}

function works(words: readonly string[]): boolean {
  const [program = '', ...args] = words;
  return spawnSync(program, args, { stdio: 'ignore', timeout: PROBE_MS, env: {}, cwd: '/' }).status === 0;
}

/** Whether another user could read what a decoder needs: a project below /root cannot be entered by nobody. */
const asNobody = once(() => {
  if (process.getuid?.() !== 0 || !has('setpriv')) return false;
  const script = `require('fs').readFileSync(${JSON.stringify(fileURLToPath(import.meta.url))});require(${JSON.stringify(sharpPath())})`;
  return works([...nobodyWords(), process.execPath, '-e', script]);
});

function sharpPath(): string {
  return fileURLToPath(import.meta.resolve('sharp')).replace(/\.mjs$/, '.cjs');
}

function nobodyWords(): readonly string[] {
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', '--inh-caps=-all'];
}

function wrappers(): Wrappers {
  if (tried !== undefined) return tried;
  const root = process.getuid?.() === 0;
  // A network of its own, in which there is nothing; without privilege a user namespace may allow it.
  const noNetwork = [
    ['unshare', '--net', '--ipc'],
    ['unshare', '--user', '--net', '--ipc'],
  ].find((words) => works([...words, 'true']));
  const nobody = asNobody();
  const words = [...(noNetwork ?? []), ...(nobody ? nobodyWords() : [])];
  const measures: SandboxMeasure[] = [
    { measure: 'empty environment and working directory', holds: true, detail: 'always' },
    { measure: 'no descriptors but its own channel', holds: true, detail: 'always' },
    { measure: 'killed on time-out and above its memory', holds: true, detail: 'always' },
    {
      measure: 'limits on memory, processor time and files',
      holds: has('prlimit'),
      detail: has('prlimit') ? 'prlimit' : 'install util-linux: apt-get install -y util-linux',
    },
    {
      measure: 'no network',
      holds: noNetwork !== undefined,
      detail: noNetwork?.join(' ') ?? 'unshare is refused here; run as root or allow user namespaces',
    },
    {
      measure: 'another user',
      holds: nobody,
      detail: nobody
        ? `uid ${NOBODY}, no new privileges`
        : root
          ? 'that user cannot read the program: install it outside of /root'
          : 'only root can change users; the service itself is not root, which is good',
    },
  ];
  tried = { words, measures };
  return tried;
}

/** What holds on this machine, for `vigie doctor`; each measure was really tried. */
export function sandboxReport(): readonly SandboxMeasure[] {
  return wrappers().measures;
}

function once<T>(act: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: act() };
    return known.value;
  };
}
