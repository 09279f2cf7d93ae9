/**
 * A promise that gives up when the signal does. What it waited for goes on by itself; its outcome is dropped.
 * @throws the signal's reason
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    else {
      signal.addEventListener('abort', give, { once: true });
      stop = () => signal.removeEventListener('abort', give);
    }
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop?.();
  }
}

/** The same for a sequence: each step gives up when the signal does, even while the source says nothing. */
export async function* abortableEach<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await abortable(iterator.next(), signal);
      if (step.done) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } finally {
    // Not awaited: a source that hangs would hang here again.
    if (!ended) iterator.return?.().catch(() => undefined);
  }
}
