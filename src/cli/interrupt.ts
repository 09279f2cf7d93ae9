const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Thrown through the waits of a command when its user, or the service manager, ends it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** As a shell has it for a command that a signal ended. */
  readonly exitCode: number;

  constructor(by: keyof typeof CODES) {
    super('interrupted');
    this.exitCode = CODES[by];
  }
}

/** Thrown when the reader of standard output went away (`| head`): there is nothing left to do, and nothing is wrong. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

const controller = new AbortController();
let listening = false;

/** A signal that aborts at the first Ctrl-C or SIGTERM; the second one ends the process as the system does it. */
export function interrupted(): AbortSignal {
  if (!listening) {
    listening = true;
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => endCommand(new Interrupted(name)));
  }
  return controller.signal;
}

/** Ends what waits for `interrupted()`. */
export function endCommand(reason: Interrupted | ReaderGone): void {
  controller.abort(reason);
}

/** Why the command is ending, whatever its waits made of it. */
export function endReason(): Interrupted | ReaderGone | undefined {
  return controller.signal.reason as Interrupted | ReaderGone | undefined;
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** Whether an error of standard output says that nobody reads it any more. */
export function isReaderGone(error: Error): boolean {
  return GONE.has((error as NodeJS.ErrnoException).code ?? '');
}
