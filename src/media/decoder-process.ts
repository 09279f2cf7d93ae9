import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { VigieError } from '../errors.js';
import { MessageReader, writeMessage } from './frames.js';
import type { MediaSignals } from './media-signals.js';
import { spawnSandboxed } from './sandbox.js';
import { checkAnswer } from './worker-answer.js';
import type { WorkerOrder } from './worker-protocol.js';

const WATCH_MS = 50;
/** What the kernel allows above the limit: the watch, which can say why it ends a process, is to come first. */
const SPARE_BYTES = 256 * 2 ** 20;
const START_MS = 20_000;
/** Over the whole life of a process; one medium's time is bounded by the clock. */
const CPU_SECONDS = 24 * 3_600;
/** What a process may say of one medium. */
const MAXIMUM_ANSWER_BYTES = 16 * 2 ** 20;
/** How a program ends that is refused memory: V8 and C++ abort, C runs into an address that is none. */
const REFUSED: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS'];

export interface DecoderProcessOptions {
  readonly entry: string;
  readonly memoryBytes: number;
  readonly timeoutMs: number;
}

interface Task {
  readonly resolve: (signals: MediaSignals) => void;
  readonly reject: (error: unknown) => void;
  readonly clock: NodeJS.Timeout;
  readonly watch: NodeJS.Timeout;
}

/** One decoder process and the one medium that it has in hand. It is ended when anything about it is out of order. */
export class DecoderProcess {
  /** Resolves when the process takes its first medium; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #options: DecoderProcessOptions;
  #task: Task | undefined;
  #started: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #ended = false;
  #served = 0;
  #peakBytes = 0;

  constructor(options: DecoderProcessOptions) {
    this.#options = options;
    this.#child = spawnSandboxed(options.entry, {
      memoryBytes: options.memoryBytes + SPARE_BYTES,
      cpuSeconds: CPU_SECONDS,
    });
    this.#channel = this.#child.stdio[3] as Duplex;
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

  /** How many media it was given. */
  get served(): number {
    return this.#served;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resident memory of the process in bytes; 0 when it cannot be told. */
  get residentBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
    } catch {
      return 0;
    }
  }

  /** Hands over a medium; only one at a time. @param onHandedOver called when the process has nearly all of it */
  hash(order: WorkerOrder, bytes: Uint8Array, onHandedOver?: () => void): Promise<MediaSignals> {
    if (this.#task !== undefined) throw new VigieError('internal', { detail: 'the decoder is busy' });
    const { timeoutMs, memoryBytes } = this.#options;
    this.#served++;
    this.#peakBytes = 0;
    return new Promise((resolve, reject) => {
      const clock = setTimeout(() => this.kill(new VigieError('decoder-timeout')), timeoutMs);
      const watch = setInterval(() => {
        const resident = this.residentBytes;
        this.#peakBytes = Math.max(this.#peakBytes, resident);
        if (resident > memoryBytes) this.kill(new VigieError('decoder-memory'));
      }, WATCH_MS);
      this.#task = { resolve, reject, clock, watch };
      writeMessage(this.#channel, order, bytes, onHandedOver);
    });
  }

  /** Ends the process at once; the medium in hand fails with `error`. */
  kill(error: VigieError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.kill('SIGKILL');
    this.#channel.destroy();
    this.#started?.reject(error);
    this.#started = undefined;
    this.#settle()?.reject(error);
  }

  #listen(): void {
    const reader = new MessageReader(MAXIMUM_ANSWER_BYTES, (head, payload) => this.#heard(head, payload));
    this.#channel.on('data', (chunk: Buffer) => {
      try {
        if (!this.#ended) reader.push(chunk);
      } catch {
        this.kill(new VigieError('decoder-crashed', { detail: 'it does not keep to the protocol' }));
      }
    });
    this.#channel.on('error', () => {
      // A process that died closes its end too; its exit, which comes at once, says why.
      if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    });
  }

  /** A process that was refused memory just ends; the kernel or V8 does not say so in any other way. */
  #whyEnded(signal: NodeJS.Signals | null): VigieError {
    const large = this.#peakBytes > this.#options.memoryBytes / 4;
    return new VigieError(large && REFUSED.includes(signal) ? 'decoder-memory' : 'decoder-crashed');
  }

  #settle(): Task | undefined {
    const task = this.#task;
    this.#task = undefined;
    clearTimeout(task?.clock);
    clearInterval(task?.watch);
    return task;
  }

  #heard(head: unknown, payload: Buffer): void {
    const answer = checkAnswer(head, payload);
    if ('ready' in answer) {
      this.#started?.resolve();
      this.#started = undefined;
      return;
    }
    const task = this.#settle();
    if (task === undefined) throw new RangeError('an answer that nobody asked for');
    if ('failure' in answer) task.reject(answer.failure);
    else task.resolve(answer.signals);
  }
}
