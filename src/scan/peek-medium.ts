import { type Sniffed, sniff } from '../media/sniff.js';
import { type Peeked, peek } from '../runtime/peek.js';

/** Enough to tell what a medium is. */
const HEAD_BYTES = 4_096;

/** Reads as much of a medium as tells what it is. @throws what the source throws; the signal's reason */
export async function peekMedium(
  source: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Peeked & { readonly sniffed: Sniffed }> {
  const { head, all } = await peek(source, HEAD_BYTES, signal);
  const start = head.subarray(0, HEAD_BYTES);
  return { head: start, all, sniffed: sniff(start) };
}
