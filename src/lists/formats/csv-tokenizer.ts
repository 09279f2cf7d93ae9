import { ByteOrderMark, InputBuffer } from './input-buffer.js';
import { LINE_LIMIT } from './list-parser.js';

export type CsvStep = 'row' | 'bad' | 'more' | 'end';

const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;

/**
 * Cuts CSV (RFC 4180) into rows of fields, on bytes and without making strings.
 *
 * A row that cannot be read (a quote that is never closed, text after a closing quote, more than 1 MiB) costs its first
 * line only: reading goes on at the next line. So one bad line in ten million is one bad record, and a stray quote does
 * not swallow what follows it. A quote inside an unquoted field is taken as it stands.
 */
export class CsvTokenizer {
  /** The line on which the last row begins. */
  line = 0;
  /** The fields of the last row: `bytes[starts[i]..ends[i])`, without the quotes. */
  count = 0;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Whether a byte above 127 occurs in the last row. */
  nonAscii = false;
  /** Why the last row is bad. */
  problem: 'malformed' | 'too-long' = 'malformed';

  readonly #input = new InputBuffer();
  readonly #mark = new ByteOrderMark();
  readonly #stops = new Uint8Array(256);
  readonly #delimiter: number;
  #nextLine = 1;
  #skipping = false;
  /** Input length below which trying again to read an incomplete row is of no use: keeps long rows linear in time. */
  #retryAt = 0;
  /** Bit i is set in byte i when field i holds doubled quotes. */
  #escaped = new Uint8Array(64);

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
    this.#stops[delimiter] = 1;
    this.#stops[LF] = 1;
  }

  get bytes(): Buffer {
    return this.#input.bytes;
  }

  feed(chunk: Uint8Array): void {
    this.#input.feed(chunk);
  }

  end(): void {
    this.#input.ended = true;
  }

  next(): CsvStep {
    const input = this.#input;
    if (!this.#mark.skip(input)) return 'more';
    for (;;) {
      if (this.#skipping && !this.#skipLine()) return input.ended ? 'end' : 'more';
      if (input.start === input.end) return input.ended ? 'end' : 'more';
      if (!input.ended && input.end - input.start < this.#retryAt) return 'more';
      this.#retryAt = 0;
      const step = this.#row();
      if (step !== undefined) return step;
    }
  }

  /** The text of a field of the last row. */
  text(field: number): string {
    const encoding = this.nonAscii ? 'utf8' : 'latin1';
    const text = this.bytes.toString(encoding, this.starts[field], this.ends[field]);
    return this.#escaped[field] === 1 ? text.replaceAll('""', '"') : text;
  }

  /** @returns undefined for an empty line */
  #row(): CsvStep | undefined {
    const { bytes, start, end, ended } = this.#input;
    const stops = this.#stops;
    const delimiter = this.#delimiter;
    this.line = this.#nextLine;
    let lines = 1;
    let fields = 0;
    let high = 0;
    let p = start;
    for (;;) {
      if (fields === this.starts.length) this.#grow();
      if (bytes[p] === QUOTE && p < end) {
        p++;
        this.starts[fields] = p;
        let escaped = 0;
        for (;;) {
          let byte = bytes[p] as number;
          while (byte !== QUOTE && byte !== LF) {
            high |= byte;
            byte = bytes[++p] as number;
          }
          if (byte === LF) {
            if (p >= end) return this.#incomplete(p);
            lines++;
          } else if (p + 1 >= end && !ended) {
            return this.#incomplete(p);
          } else if (p + 1 < end && bytes[p + 1] === QUOTE) {
            escaped = 1;
            p++;
          } else break;
          p++;
        }
        this.ends[fields] = p;
        this.#escaped[fields] = escaped;
        fields++;
        p++;
        while (bytes[p] === SPACE) p++;
        if (bytes[p] === CR && bytes[p + 1] === LF) p++;
        if (p >= end && !ended) return this.#incomplete(p);
        if (stops[bytes[p] as number] === 0) return this.#bad(p - start > LINE_LIMIT ? 'too-long' : 'malformed');
      } else {
        this.starts[fields] = p;
        let byte = bytes[p] as number;
        while (stops[byte] === 0) {
          high |= byte;
          byte = bytes[++p] as number;
        }
        if (p >= end && !ended) return this.#incomplete(p);
        const last = byte === LF && p > (this.starts[fields] as number) && bytes[p - 1] === CR ? p - 1 : p;
        this.ends[fields] = last;
        this.#escaped[fields] = 0;
        fields++;
      }
      if (p - start > LINE_LIMIT) return this.#bad('too-long');
      if (p >= end || bytes[p] !== delimiter) break;
      p++;
    }
    this.count = fields;
    this.nonAscii = high > 127;
    this.#nextLine += lines;
    this.#input.start = Math.min(p + 1, end);
    const empty = fields === 1 && this.starts[0] === this.ends[0] && bytes[start] !== QUOTE;
    return empty ? undefined : 'row';
  }

  /** The row goes on beyond the input that is there. */
  #incomplete(reached: number): CsvStep {
    const { start, end, ended } = this.#input;
    if (ended) return this.#bad(reached - start > LINE_LIMIT ? 'too-long' : 'malformed');
    if (end - start > LINE_LIMIT + 1) return this.#bad('too-long');
    this.#retryAt = Math.min((end - start) * 2, LINE_LIMIT + 2);
    return 'more';
  }

  #bad(problem: 'malformed' | 'too-long'): CsvStep {
    this.problem = problem;
    this.#skipping = true;
    return 'bad';
  }

  /** Drops input up to the end of the line. @returns false when that end is not there yet */
  #skipLine(): boolean {
    const input = this.#input;
    const newline = input.bytes.indexOf(LF, input.start);
    if (newline >= input.end) {
      input.start = input.end;
      return false;
    }
    input.start = newline + 1;
    this.#nextLine++;
    this.#skipping = false;
    return true;
  }

  #grow(): void {
    const size = this.starts.length * 2;
    const grown = <T extends Int32Array | Uint8Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.starts = grown(new Int32Array(size), this.starts);
    this.ends = grown(new Int32Array(size), this.ends);
    this.#escaped = grown(new Uint8Array(size), this.#escaped);
  }
}
