import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
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
/** The kernel counts the threads of all processes of that user: a picture and a video decoder for each core, twice. */
const THREADS = 256;
const THREADS_A_CORE = 64;
const PROBE_MS = 10_000;
const NOBODY_WORDS = [
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--bounding-set=-all',
];

/** Words that start a process under limits; filled by trying each of them once. */
interface Wrappers {
  readonly words: readonly string[];
  readonly measures: readonly SandboxMeasure[];
  readonly nobody: boolean;
  readonly limited: boolean;
}

let tried: Wrappers | undefined;

/**
 * Starts a program for decoding: an empty environment, a fresh empty working directory, no descriptors but one channel
 * (number 3), and as many of the further measures as this machine allows.
 * @param entry absolute path of the module to run
 * @param descriptors open descriptors that it has besides, from number 4 on
 */
export function spawnSandboxed(
  entry: string,
  limits: SandboxLimits,
  descriptors: readonly number[] = [],
): ChildProcess {
  const { words } = wrappers();
  const directory = mkdtempSync(join(tmpdir(), 'vigie-decoder-'));
  const command = [...words, ...limitWords(limits), ...nodeWords(), entry];
  const [program = process.execPath, ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...descriptors],
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

/** Words before a program that a decoder process starts itself, so that it does not outlive that process. */
export function guardWords(): readonly string[] {
  return has('setpriv') ? GUARD_WORDS : [];
}

/** So that a decoder does not outlive a service that was killed, and gains nothing from programs that raise privileges. */
const GUARD_WORDS = ['setpriv', '--no-new-privs', '--pdeathsig=KILL'];

function limitWords({ memoryBytes, cpuSeconds }: SandboxLimits): readonly string[] {
  const { limited, nobody } = wrappers();
  if (!limited) return [];
  return [
    'prlimit',
    `--data=${memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    '--fsize=0',
    '--core=0',
    '--nofile=128',
    // As root the number counts the processes of the whole machine's root; another user has only these.
    ...(nobody ? [`--nproc=${THREADS + THREADS_A_CORE * availableParallelism()}`] : []),
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

/** What another user needs to read: a project below /root cannot be entered by nobody. */
function readsProgram(): readonly string[] {
  const sharp = fileURLToPath(import.meta.resolve('sharp')).replace(/\.mjs$/, '.cjs');
  const here = fileURLToPath(import.meta.url);
  return [
    process.execPath,
    '-e',
    `require('fs').readFileSync(${JSON.stringify(here)});require(${JSON.stringify(sharp)})`,
  ];
}

/** Tries the measures one after the other, each on top of those that hold already. */
function wrappers(): Wrappers {
  if (tried !== undefined) return tried;
  const root = process.getuid?.() === 0;
  const words: string[] = [];
  const add = (candidates: readonly (readonly string[])[], program: readonly string[] = ['true']) => {
    const found = candidates.find((candidate) => works([...words, ...candidate, ...program]));
    words.push(...(found ?? []));
    return found;
  };
  // A network of its own, in which there is nothing; without privilege a user namespace may allow it.
  const noNetwork = add([
    ['unshare', '--net', '--ipc'],
    ['unshare', '--user', '--net', '--ipc'],
  ]);
  const nobody = root && add([[...GUARD_WORDS, ...NOBODY_WORDS]], readsProgram()) !== undefined;
  const guarded = nobody || add([GUARD_WORDS]) !== undefined;
  const limited = has('prlimit');
  const measures: SandboxMeasure[] = [
    { measure: 'empty environment and working directory', holds: true, detail: 'always' },
    { measure: 'no descriptors but its own channel', holds: true, detail: 'always' },
    { measure: 'killed on time-out and above its memory', holds: true, detail: 'always' },
    {
      measure: 'limits on memory, processor time and files',
      holds: limited,
      detail: limited ? 'prlimit' : 'install util-linux: apt-get install -y util-linux',
    },
    {
      measure: 'no network',
      holds: noNetwork !== undefined,
      detail: noNetwork?.join(' ') ?? 'unshare is refused here; run as root or allow user namespaces',
    },
    {
      measure: 'ends with the service, no new privileges',
      holds: guarded,
      detail: guarded ? 'setpriv' : 'install util-linux: apt-get install -y util-linux',
    },
    {
      measure: 'another user',
      holds: nobody,
      detail: nobody
        ? `uid ${NOBODY}`
        : root
          ? 'that user cannot read the program: install it outside of /root'
          : 'only root can change users; the service itself is not root, which is good',
    },
  ];
  tried = { words, measures, nobody, limited };
  return tried;
}

/** What holds on this machine, for `vigie doctor`; each measure was really tried. */
export function sandboxReport(): readonly SandboxMeasure[] {
  return wrappers().measures;
}
