import { abortable } from './abortable.js';

/** The beginning of a source, and all of it from the beginning on. */
export interface Peeked {
  readonly head: Uint8Array;
  readonly all: AsyncIterable<Uint8Array>;
}

/**
 * Reads as much of a source as is needed to tell what it is.
 * @param bytes so many, or all that there are
 * @param signal gives up waiting for the source, also when what is peeked at is read on
 * @throws what the source throws; the signal's reason
 */
export async function peek(source: AsyncIterable<Uint8Array>, bytes: number, signal?: AbortSignal): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < bytes && !ended) {
    const step = await abortable(iterator.next(), signal);
    ended = step.done === true;
    if (step.done === true) break;
    first.push(step.value);
    length += step.value.length;
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      while (!ended) {
        const step = await abortable(iterator.next(), signal);
        ended = step.done === true;
        if (step.done !== true) yield step.value;
      }
    } finally {
      if (!ended) {
        const left = iterator.return?.();
        // Not awaited where the wait was given up: a source that hangs would hang here.
        if (signal?.aborted) left?.catch(() => undefined);
        else await left;
      }
    }
  };
  return { head: first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first, length), all: all() };
}
