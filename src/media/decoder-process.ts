import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { VigieError } from '../errors.js';
import { MessageReader, writeMessage } from './frames.js';
import type { MediaSignals } from './media-signals.js';
import { spawnSandboxed } from './sandbox.js';
import { toMediaSignals, type WorkerAnswer, type WorkerOrder } from './worker-protocol.js';

const PAGE_BYTES = 4_096;
const WATCH_MS = 50;
const START_MS = 20_000;
/** What a process may say of one medium. */
const MAXIMUM_ANSWER_BYTES = 16 * 2 ** 20;

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
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #options: DecoderProcessOptions;
  #task: Task | undefined;
  #started: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #ended = false;
  #served = 0;

  constructor(options: DecoderProcessOptions, onEnd: (decoder: DecoderProcess) => void) {
    this.#options = options;
    // Over its whole life; one medium's time is bounded by the clock.
    const cpuSeconds = 24 * 3_600;
    this.#child = spawnSandboxed(options.entry, { memoryBytes: options.memoryBytes, cpuSeconds });
    this.#channel = this.#child.stdio[3] as Duplex;
    this.ready = new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    const slowStart = setTimeout(() => this.kill(new VigieError('decoder-crashed', { detail: 'start' })), START_MS);
    this.ready.catch(() => undefined).finally(() => clearTimeout(slowStart));
    const reader = new MessageReader(MAXIMUM_ANSWER_BYTES, (head, payload) =>
      this.#heard(head as WorkerAnswer, payload),
    );
    this.#channel.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        this.kill(new VigieError('decoder-crashed', { detail: 'it does not keep to the protocol' }));
      }
    });
    this.#channel.on('error', () => this.kill(new VigieError('decoder-crashed')));
    const over = () => {
      this.kill(new VigieError('decoder-crashed'));
      onEnd(this);
    };
    this.#child.once('error', over);
    this.#child.once('exit', over);
  }

  /** How many media it was given. */
  get served(): number {
    return this.#served;
  }

  get busy(): boolean {
    return this.#task !== undefined;
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
      return Number(readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1] ?? 0) * PAGE_BYTES;
    } catch {
      return 0;
    }
  }

  /** Hands over a medium; only one at a time. */
  hash(order: WorkerOrder, bytes: Uint8Array): Promise<MediaSignals> {
    if (this.#task !== undefined) throw new VigieError('internal', { detail: 'the decoder is busy' });
    const { timeoutMs, memoryBytes } = this.#options;
    this.#served++;
    return new Promise((resolve, reject) => {
      const clock = setTimeout(() => this.kill(new VigieError('decoder-timeout')), timeoutMs);
      const watch = setInterval(() => {
        if (this.residentBytes > memoryBytes) this.kill(new VigieError('decoder-memory'));
      }, WATCH_MS);
      this.#task = { resolve, reject, clock, watch };
      writeMessage(this.#channel, order, bytes);
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

  #settle(): Task | undefined {
    const task = this.#task;
    this.#task = undefined;
    clearTimeout(task?.clock);
    clearInterval(task?.watch);
    return task;
  }

  #heard(answer: WorkerAnswer, payload: Buffer): void {
    if ('ready' in answer) {
      this.#started?.resolve();
      this.#started = undefined;
      return;
    }
    if (this.#task === undefined) throw new RangeError('an answer that nobody asked for');
    if ('failure' in answer) {
      const { code, ...rest } = answer.failure;
      this.#settle()?.reject(new VigieError(code, rest));
      return;
    }
    const signals = toMediaSignals(answer, payload);
    this.#settle()?.resolve(signals);
  }
}
