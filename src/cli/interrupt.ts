/** Thrown through the waits of a command when its user interrupts it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

let controller: AbortController | undefined;

/** A signal that aborts at the first Ctrl-C or SIGTERM; the second one ends the process as the system does it. */
export function interrupted(): AbortSignal {
  if (controller === undefined) {
    controller = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => controller?.abort(new Interrupted()));
    }
  }
  return controller.signal;
}
