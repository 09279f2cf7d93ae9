import { isUtf8 } from 'node:buffer';
import { ByteOrderMark, InputBuffer } from './input-buffer.js';
import { LINE_LIMIT } from './list-parser.js';

export type LineStep = 'line' | 'bad' | 'more' | 'end';

const LF = 10;
const SPACE = 32;

/** Cuts input into lines without white space around them; empty ones are left out. */
export class LineReader {
  /** Number of the last line. */
  line = 0;
  /** The last line is `bytes[from..to)`. */
  from = 0;
  to = 0;
  problem: 'invalid-utf8' | 'too-long' = 'too-long';
  readonly #input = new InputBuffer();
  readonly #mark = new ByteOrderMark();
  /** How much of the unread input is known to hold no newline. */
  #searched = 0;
  #skipping = false;

  get bytes(): Buffer {
    return this.#input.bytes;
  }

  feed(chunk: Uint8Array): void {
    this.#input.feed(chunk);
  }

  end(): void {
    this.#input.ended = true;
  }

  next(): LineStep {
    const input = this.#input;
    if (!this.#mark.skip(input)) return 'more';
    while (input.start < input.end) {
      const { bytes, start, end } = input;
      const newline = bytes.indexOf(LF, start + this.#searched);
      this.#searched = 0;
      if (newline >= end && !input.ended) {
        if (end - start <= LINE_LIMIT && !this.#skipping) {
          this.#searched = end - start;
          return 'more';
        }
        input.start = end;
        if (this.#skipping) return 'more';
        this.#skipping = true;
        this.line++;
        this.problem = 'too-long';
        return 'bad';
      }
      input.start = Math.min(newline + 1, end);
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      this.line++;
      if (newline - start > LINE_LIMIT) {
        this.problem = 'too-long';
        return 'bad';
      }
      let from = start;
      let to = newline;
      while (from < to && (bytes[from] as number) <= SPACE) from++;
      while (to > from && (bytes[to - 1] as number) <= SPACE) to--;
      if (from === to) continue;
      if (!isUtf8(bytes.subarray(from, to))) {
        this.problem = 'invalid-utf8';
        return 'bad';
      }
      this.from = from;
      this.to = to;
      return 'line';
    }
    return input.ended ? 'end' : 'more';
  }
}
