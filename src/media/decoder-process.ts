import { VigieError } from '../errors.js';
import { writeMessage } from './frames.js';
import type { MediaSignals } from './media-signals.js';
import { checkAnswer } from './worker-answer.js';
import { WorkerProcess } from './worker-process.js';
import type { WorkerOrder } from './worker-protocol.js';

export interface DecoderProcessOptions {
  readonly entry: string;
  readonly memoryBytes: number;
  readonly timeoutMs: number;
}

interface Task {
  readonly resolve: (signals: MediaSignals) => void;
  readonly reject: (error: unknown) => void;
  readonly clock: NodeJS.Timeout;
}

/** One decoder process and the one medium that it has in hand. */
export class DecoderProcess extends WorkerProcess {
  readonly #timeoutMs: number;
  #task: Task | undefined;
  #served = 0;

  constructor(options: DecoderProcessOptions) {
    super(options);
    this.#timeoutMs = options.timeoutMs;
  }

  get served(): number {
    return this.#served;
  }

  /** Hands over a medium; only one at a time. @param onHandedOver called when the process has nearly all of it */
  hash(order: WorkerOrder, bytes: Uint8Array, onHandedOver?: () => void): Promise<MediaSignals> {
    if (this.#task !== undefined) throw new VigieError('internal', { detail: 'the decoder is busy' });
    this.#served++;
    return new Promise((resolve, reject) => {
      const clock = setTimeout(() => this.kill(new VigieError('decoder-timeout')), this.#timeoutMs);
      this.#task = { resolve, reject, clock };
      this.watch();
      writeMessage(this.channel, order, bytes, onHandedOver);
    });
  }

  protected override failed(error: VigieError): void {
    this.#settle()?.reject(error);
  }

  protected override heard(head: unknown, payload: Buffer): void {
    const answer = checkAnswer(head, payload);
    if ('ready' in answer) {
      this.started();
      return;
    }
    const task = this.#settle();
    if (task === undefined) throw new RangeError('an answer that nobody asked for');
    if ('failure' in answer) task.reject(answer.failure);
    else task.resolve(answer.signals);
  }

  #settle(): Task | undefined {
    const task = this.#task;
    this.#task = undefined;
    clearTimeout(task?.clock);
    this.unwatch();
    return task;
  }
}
