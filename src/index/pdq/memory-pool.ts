import { VigieError } from '../../errors.js';

const PAGE = 65536;
const MAX_PAGES = 65536;
const SMALLEST = 16;

export interface MemoryPoolOptions {
  /** How many bytes all memories together may have, in use or waiting; unlimited unless given. */
  readonly limit?: number;
}

/**
 * Shared memories that are used again. Memories left to the garbage collector are not given back to the system in time:
 * a dozen of 512 MB, dropped one after the other, were seen to hold 6.5 GB.
 */
export class MemoryPool {
  readonly #limit: number;
  readonly #free: WebAssembly.Memory[] = [];
  readonly #used = new Set<WebAssembly.Memory>();
  #bytes = 0;

  constructor({ limit = Number.POSITIVE_INFINITY }: MemoryPoolOptions = {}) {
    this.#limit = limit;
  }

  /** Bytes of all memories, in use or waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A memory of at least `bytes` bytes. It holds whatever it held before.
   * @throws VigieError `memory-exhausted` beyond the limit, beyond 4 GiB, or when the system has no more
   */
  acquire(bytes: number): WebAssembly.Memory {
    const pages = sizeClass(Math.ceil(bytes / PAGE));
    if (bytes > MAX_PAGES * PAGE) throw new VigieError('memory-exhausted', { detail: 'more than 4 GiB at once' });
    const memory = this.#takeFitting(pages) ?? this.#takeGrown(pages) ?? this.#make(pages);
    this.#used.add(memory);
    return memory;
  }

  /** Gives a memory back. Nobody may look into it from then on. */
  release(memory: WebAssembly.Memory): void {
    if (this.#used.delete(memory)) this.#free.push(memory);
  }

  /** The smallest waiting one that is large enough and not four times too large, unless the limit leaves no choice. */
  #takeFitting(pages: number): WebAssembly.Memory | undefined {
    const needed = pages * PAGE;
    const size = (memory: WebAssembly.Memory): number => memory.buffer.byteLength;
    const fitting = this.#free.filter((memory) => size(memory) >= needed).sort((a, b) => size(a) - size(b))[0];
    if (!fitting) return undefined;
    if (size(fitting) > 4 * needed && this.#bytes + needed <= this.#limit) return undefined;
    return this.#takeOut(fitting);
  }

  /** The largest waiting one, grown: what it lacks is less than a new one would take. */
  #takeGrown(pages: number): WebAssembly.Memory | undefined {
    const largest = this.#free.reduce<WebAssembly.Memory | undefined>(
      (best, memory) => (best && best.buffer.byteLength >= memory.buffer.byteLength ? best : memory),
      undefined,
    );
    if (!largest || largest.buffer.byteLength >= pages * PAGE) return undefined;
    const more = pages - largest.buffer.byteLength / PAGE;
    this.#allow(more);
    try {
      largest.grow(more);
    } catch (cause) {
      throw new VigieError('memory-exhausted', { cause });
    }
    this.#bytes += more * PAGE;
    return this.#takeOut(largest);
  }

  #make(pages: number): WebAssembly.Memory {
    this.#allow(pages);
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared: true });
      this.#bytes += pages * PAGE;
      return memory;
    } catch (cause) {
      throw new VigieError('memory-exhausted', { cause });
    }
  }

  #allow(pages: number): void {
    if (this.#bytes + pages * PAGE > this.#limit) {
      throw new VigieError('memory-exhausted', { detail: 'limit of the memory pool' });
    }
  }

  #takeOut(memory: WebAssembly.Memory): WebAssembly.Memory {
    this.#free.splice(this.#free.indexOf(memory), 1);
    return memory;
  }
}

/** Eight sizes between one power of two and the next, so that memories fit again and little is left over. */
function sizeClass(pages: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(pages, SMALLEST))) - 3);
  return Math.min(MAX_PAGES, Math.ceil(Math.max(pages, SMALLEST) / step) * step);
}
