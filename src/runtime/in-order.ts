/**
 * Maps a sequence with several calls under way at once, and gives the results in the order of the sequence. The window
 * is bounded: no more than `concurrency` inputs are taken beyond what was consumed.
 */
export async function* inOrder<In, Out>(
  inputs: AsyncIterable<In> | Iterable<In>,
  concurrency: number,
  map: (input: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const window: Promise<Out>[] = [];
  try {
    for await (const input of inputs) {
      const result = map(input);
      // A rejection is met where its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      window.push(result);
      if (window.length >= concurrency) yield await (window.shift() as Promise<Out>);
    }
    while (window.length > 0) yield await (window.shift() as Promise<Out>);
  } finally {
    await Promise.allSettled(window);
  }
}
