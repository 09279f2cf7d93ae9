import { VigieError } from '../../errors.js';
import { ByteOrderMark, InputBuffer } from './input-buffer.js';

/** Largest JSON object of one record in bytes: a medium that was found in many places names each of them. */
export const OBJECT_LIMIT = 16 << 20;

export type JsonStep = 'object' | 'bad' | 'more' | 'end';

const LF = 10;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const COLON = 58;
const COMMA = 44;

/** Bytes outside of strings that mean something here. */
const STRUCTURE = new Uint8Array(256);
for (const byte of [LF, QUOTE, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COLON]) STRUCTURE[byte] = 1;

/** Nesting of containers beyond this is not a list. */
const DEPTH_LIMIT = 256;

/** Depth of the array `value` of the root object, and of the array `Media` of a case in it. */
const VALUE_DEPTH = 2;
const MEDIA_DEPTH = 4;

/**
 * Finds, in JSON of any size that arrives in pieces, the objects that are records: the elements of the root's array
 * `value`, or where such an element is a case, those of its array `Media`. It looks only at brackets and strings; what is
 * between the brackets of a record is read by JSON.parse, and may be wrong there without harm to the others.
 */
export class JsonSplitter {
  /** The line on which the last record begins. */
  line = 0;
  /** The last record is `bytes[from..to)`. */
  from = 0;
  to = 0;
  /** Whether an array of records was met at all. */
  found = false;
  readonly #input = new InputBuffer();
  readonly #mark = new ByteOrderMark();
  readonly #stack = new Uint8Array(DEPTH_LIMIT);
  readonly #limit: number;
  #depth = 0;
  /** Where to go on reading, counted from the start of the unread input. */
  #at = 0;
  #inString = false;
  /** Start of the last string, counted likewise. */
  #stringAt = 0;
  /** The last string, if it is one of the two keys that matter. */
  #lastString: 'value' | 'Media' | undefined;
  /** The key before the next value, likewise. */
  #key: 'value' | 'Media' | undefined;
  /** Depth of the array whose objects are records now; 0 for none. */
  #recordsAt = 0;
  #capturing = false;
  #tooLong = false;
  #currentLine = 1;
  /** A backslash whose next byte is not here yet, counted likewise; -1 for none. */
  #stalled = -1;

  constructor(limit = OBJECT_LIMIT) {
    this.#limit = limit;
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

  /** @throws VigieError `list-malformed` when brackets or strings do not close as they opened */
  next(): JsonStep {
    const input = this.#input;
    if (!this.#mark.skip(input)) return 'more';
    const { bytes, end } = input;
    let p = input.start + this.#at;
    while (p < end) {
      if (this.#inString) {
        p = this.#readString(p);
        continue;
      }
      let byte = bytes[p] as number;
      if (this.#depth === 0 || (this.#depth === this.#recordsAt && !this.#capturing)) {
        if (byte > SPACE && byte !== COMMA && STRUCTURE[byte] === 0) throw this.#lost('a value where a record belongs');
        if (byte === QUOTE || byte === COLON) throw this.#lost('a text where a record belongs');
      } else {
        while (STRUCTURE[byte] === 0 && p < end) byte = bytes[++p] as number;
        if (p >= end) break;
      }
      p++;
      if (byte === LF) this.#currentLine++;
      else if (byte === QUOTE) {
        this.#inString = true;
        this.#stringAt = p - input.start;
      } else if (byte === COLON) this.#key = this.#lastString;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte, p - 1);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        const step = this.#close(byte, p);
        if (step !== undefined) return step;
      }
    }
    this.#at = p - input.start;
    this.#dropWhatIsRead();
    if (!input.ended) return 'more';
    if (this.#depth > 0 || this.#inString) throw this.#lost('the file ends inside a record or list');
    return 'end';
  }

  /** Reads on in a string. @returns where to go on */
  #readString(from: number): number {
    const { bytes, start, end } = this.#input;
    let p = from;
    for (;;) {
      let byte = bytes[p] as number;
      while (byte !== QUOTE && byte !== BACKSLASH && byte !== LF) byte = bytes[++p] as number;
      if (p >= end) return end;
      if (byte === QUOTE) break;
      if (byte === LF) this.#currentLine++;
      // The byte after a backslash may not be here yet.
      if (byte === BACKSLASH && p + 1 >= end && !this.#input.ended) return this.#stallAt(p);
      p += byte === BACKSLASH ? 2 : 1;
      if (p >= end) return end;
    }
    this.#inString = false;
    this.#lastString = keyOf(bytes, start + this.#stringAt, p);
    return p + 1;
  }

  /** Leaves a backslash for when the byte after it is there. */
  #stallAt(p: number): number {
    this.#stalled = p - this.#input.start;
    return this.#input.end;
  }

  #open(byte: number, at: number): void {
    const depth = this.#depth + 1;
    if (depth >= DEPTH_LIMIT) throw this.#lost('brackets are nested too deep');
    if (depth === 1 && byte === OPEN_ARRAY) throw this.#lost('the file is not one JSON object');
    const recordBegins = this.#recordsAt > 0 && depth === this.#recordsAt + 1;
    if (byte === OPEN_ARRAY && depth === VALUE_DEPTH && this.#key === 'value') {
      this.#recordsAt = VALUE_DEPTH;
      this.found = true;
    } else if (
      byte === OPEN_ARRAY &&
      depth === MEDIA_DEPTH &&
      this.#recordsAt === VALUE_DEPTH &&
      this.#key === 'Media'
    ) {
      this.#recordsAt = MEDIA_DEPTH;
      this.#capturing = false;
      this.#tooLong = false;
    } else if (recordBegins && !this.#capturing) {
      this.#capturing = true;
      this.line = this.#currentLine;
      this.#moveStart(at);
    }
    this.#stack[depth] = byte;
    this.#depth = depth;
    this.#key = undefined;
    this.#lastString = undefined;
  }

  #close(byte: number, after: number): JsonStep | undefined {
    const opened = this.#stack[this.#depth];
    if (this.#depth === 0 || opened !== byte - 2) throw this.#lost('a bracket closes that was not opened');
    this.#depth--;
    this.#key = undefined;
    this.#lastString = undefined;
    if (this.#capturing && this.#depth === this.#recordsAt) return this.#recordEnds(after);
    if (this.#depth + 1 === this.#recordsAt) {
      // After its media, nothing of a case is a record; then come the other cases.
      this.#recordsAt = this.#recordsAt === MEDIA_DEPTH ? VALUE_DEPTH : 0;
    }
    return undefined;
  }

  #recordEnds(after: number): JsonStep {
    const input = this.#input;
    const tooLong = this.#tooLong || after - input.start > this.#limit;
    this.#capturing = false;
    this.#tooLong = false;
    this.from = input.start;
    this.to = after;
    input.start = after;
    this.#at = 0;
    return tooLong ? 'bad' : 'object';
  }

  /** What lies before is not needed any more. Positions are counted from the new start. */
  #moveStart(at: number): void {
    const input = this.#input;
    this.#stringAt -= at - input.start;
    input.start = at;
  }

  #dropWhatIsRead(): void {
    const input = this.#input;
    if (this.#stalled >= 0) {
      this.#at = this.#stalled;
      this.#stalled = -1;
    }
    const at = input.start + this.#at;
    if (this.#capturing && !this.#tooLong) {
      if (at - input.start <= this.#limit) return;
      this.#tooLong = true;
    }
    // A key that matters is short: the beginning of a short string is kept until its end is here.
    const stringAt = input.start + this.#stringAt;
    const keep = this.#inString && at - stringAt < KEY_LIMIT && stringAt >= input.start ? stringAt : at;
    this.#at = at - keep;
    this.#moveStart(keep);
  }

  #lost(why: string): VigieError {
    const line = this.#capturing ? this.line : this.#currentLine;
    return new VigieError('list-malformed', { detail: `line ${line}: ${why}` });
  }
}

const KEY_LIMIT = 16;
const KEYS = ['value', 'Media'] as const;

function keyOf(bytes: Buffer, start: number, end: number): 'value' | 'Media' | undefined {
  if (start < 0 || end - start !== 5) return undefined;
  const text = bytes.toString('latin1', start, end);
  return KEYS.find((key) => key === text);
}
