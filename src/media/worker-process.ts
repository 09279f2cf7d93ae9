import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { VigieError } from '../errors.js';
import { childrenOf } from './children-of.js';
import { MessageReader } from './frames.js';
import type { PooledProcess } from './process-pool.js';
import { spawnSandboxed } from './sandbox.js';

const WATCH_MS = 50;
/** What the kernel allows above the limit: the watch, which can say why it ends a process, is to come first. */
const SPARE_BYTES = 256 * 2 ** 20;
const START_MS = 20_000;
/** Over the whole life of a process; one medium's time is bounded by a clock. */
const CPU_SECONDS = 24 * 3_600;
/** What a process may say at once. */
const MAXIMUM_ANSWER_BYTES = 16 * 2 ** 20;
/** How a program ends that is refused memory: V8 and C++ abort, C runs into an address that is none. */
const REFUSED: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS'];

export interface WorkerProcessOptions {
  readonly entry: string;
  readonly memoryBytes: number;
  /** Open descriptors that it has as its numbers 4, 5 …; they stay the caller's. */
  readonly descriptors?: readonly number[];
}

/** A sandboxed process and the channel to it. It is ended when anything about it is out of order. */
export abstract class WorkerProcess implements PooledProcess {
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  protected readonly channel: Duplex;
  readonly #child: ChildProcess;
  readonly #memoryBytes: number;
  #started: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #watch: NodeJS.Timeout | undefined;
  #ended = false;
  #peakBytes = 0;

  constructor({ entry, memoryBytes, descriptors = [] }: WorkerProcessOptions) {
    this.#memoryBytes = memoryBytes;
    const limits = { memoryBytes: memoryBytes + SPARE_BYTES, cpuSeconds: CPU_SECONDS };
    this.#child = spawnSandboxed(entry, limits, descriptors);
    this.channel = this.#child.stdio[3] as Duplex;
    this.ready = new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    const slowStart = setTimeout(() => this.kill(new VigieError('decoder-crashed', { detail: 'start' })), START_MS);
    this.ready.catch(() => undefined).finally(() => clearTimeout(slowStart));
    this.#listen();
    this.gone = new Promise((resolve) => {
      this.#child.once('error', () => {
        this.kill(new VigieError('decoder-crashed', { detail: 'it could not be started' }));
        resolve();
      });
      this.#child.once('exit', (_code, signal) => {
        this.kill(this.#whyEnded(signal));
        resolve();
      });
    });
  }

  abstract get served(): number;

  get ended(): boolean {
    return this.#ended;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get residentBytes(): number {
    const { pid } = this.#child;
    return pid === undefined ? 0 : residentOf(pid) + childrenOf(pid).reduce((sum, child) => sum + residentOf(child), 0);
  }

  kill(error: VigieError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.unwatch();
    this.#child.kill('SIGKILL');
    this.channel.destroy();
    this.#started?.reject(error);
    this.#started = undefined;
    this.failed(error);
  }

  /** What the process said. @throws RangeError when that is nothing it may say */
  protected abstract heard(head: unknown, payload: Buffer): void;

  /** The process was ended or died: what it has in hand fails. */
  protected abstract failed(error: VigieError): void;

  /** To be called when the process says that it is ready. */
  protected started(): void {
    this.#started?.resolve();
    this.#started = undefined;
  }

  /** Ends the process when it holds more memory than it may. @param tick called with each look, milliseconds apart */
  protected watch(tick?: (milliseconds: number) => void): void {
    this.#peakBytes = 0;
    let before = performance.now();
    this.#watch = setInterval(() => {
      const resident = this.residentBytes;
      this.#peakBytes = Math.max(this.#peakBytes, resident);
      if (resident > this.#memoryBytes) this.kill(new VigieError('decoder-memory'));
      const now = performance.now();
      tick?.(now - before);
      before = now;
    }, WATCH_MS);
  }

  protected unwatch(): void {
    clearInterval(this.#watch);
  }

  #listen(): void {
    const reader = new MessageReader(MAXIMUM_ANSWER_BYTES, (head, payload) => this.heard(head, payload));
    this.channel.on('data', (chunk: Buffer) => {
      try {
        if (!this.#ended) reader.push(chunk);
      } catch {
        this.kill(new VigieError('decoder-crashed', { detail: 'it does not keep to the protocol' }));
      }
    });
    this.channel.on('error', () => {
      // A process that died closes its end too; its exit, which comes at once, says why.
      if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    });
  }

  /** A process that was refused memory just ends; the kernel or V8 does not say so in any other way. */
  #whyEnded(signal: NodeJS.Signals | null): VigieError {
    const large = this.#peakBytes > this.#memoryBytes / 4;
    return new VigieError(large && REFUSED.includes(signal) ? 'decoder-memory' : 'decoder-crashed');
  }
}

function residentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
