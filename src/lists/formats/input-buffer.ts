/** The byte after the end of the input in the buffer: a newline, so that a scan for one needs no bounds check. */
const SENTINEL = 10;

/** Input that was fed and not yet read, in one piece. */
export class InputBuffer {
  bytes: Buffer;
  /** Where the unread input begins and ends in `bytes`. `bytes[end]` is always a newline. */
  start = 0;
  end = 0;
  ended = false;

  constructor(capacity = 256 * 1024) {
    this.bytes = Buffer.alloc(capacity + 1);
    this.bytes[0] = SENTINEL;
  }

  /** Adds input behind the unread rest, which moves to the front. */
  feed(chunk: Uint8Array): void {
    const rest = this.end - this.start;
    const needed = rest + chunk.length + 1;
    if (needed > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(this.start, this.end));
      this.bytes = larger;
    } else if (this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end);
    }
    this.bytes.set(chunk, rest);
    this.start = 0;
    this.end = rest + chunk.length;
    this.bytes[this.end] = SENTINEL;
  }
}

/** Leaves out a byte order mark at the very start of the input, however it is cut. */
export class ByteOrderMark {
  #state: 'unknown' | 'past' = 'unknown';

  /** @returns false when the start of the input cannot be told yet */
  skip(input: InputBuffer): boolean {
    if (this.#state === 'past') return true;
    const { bytes, start, end } = input;
    for (let i = 0; i < MARK.length; i++) {
      if (start + i >= end) return input.ended ? this.#done() : false;
      if (bytes[start + i] !== MARK[i]) return this.#done();
    }
    input.start += MARK.length;
    return this.#done();
  }

  #done(): boolean {
    this.#state = 'past';
    return true;
  }
}

const MARK = [0xef, 0xbb, 0xbf];
