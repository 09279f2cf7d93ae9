// How an entry is written in a segment: u32 length of what follows; u8 flags; id; grade; kind; member; opinions; added;
// comment; signals. Lengths and codes are variable-length integers (LEB128), texts are UTF-8. A grade, kind or member is a
// code of the segment's dictionary, or 0 and the text itself. Opinions are their number, then for each 1 or 0 (affirmative
// or not) and the member. A signal is a head byte (3 bits type, active, has quality, derived), its quality, its value.
// Members, opinions and derived signals are known from version 3 of the file on.

import { SIGNAL_TYPE_NAMES } from '../../signals/signal-type.js';
import type { Entry, EntrySignal, Opinion } from '../entry.js';
import { SIGNAL_WIDTHS, signalCode } from '../signal-widths.js';
import type { Dictionary } from './dictionary.js';

export const HAS_GRADE = 1;
export const HAS_KIND = 2;
export const HAS_ADDED = 4;
export const HAS_COMMENT = 8;
export const HAS_MEMBER = 16;
export const HAS_OPINIONS = 32;

const TYPE_BITS = 7;
const ACTIVE = 8;
const HAS_QUALITY = 16;
const DERIVED = 32;

export const WIDTH_BY_CODE: readonly number[] = SIGNAL_TYPE_NAMES.map((name) => SIGNAL_WIDTHS[name]);

/** Dictionaries of a segment: grades, kinds and members are few and repeat. */
export interface Dictionaries {
  readonly grades: Dictionary;
  readonly kinds: Dictionary;
  readonly members: Dictionary;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const number64 = new Float64Array(1);
const number64Bytes = new Uint8Array(number64.buffer);

/** Writes into bytes that are known to be long enough. */
export class RecordWriter {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;

  /** The most bytes that a record of this entry may take. */
  static bound(entry: Entry): number {
    const { id, grade, kind, comment, member, opinions } = entry;
    const texts = id.length + (grade?.length ?? 0) + (kind?.length ?? 0) + (comment?.length ?? 0);
    let rest = member === undefined ? 0 : 10 + 3 * member.length;
    if (opinions !== undefined) for (const { member: of } of opinions) rest += 11 + 3 * of.length;
    for (const { value } of entry.signals) rest += 2 + value.length;
    return 48 + 3 * texts + rest;
  }

  write(entry: Entry, dictionaries: Dictionaries): void {
    const start = this.at;
    const { grade, kind, member, opinions = [], added, comment, signals } = entry;
    this.at += 4;
    this.bytes[this.at++] =
      (grade === undefined ? 0 : HAS_GRADE) |
      (kind === undefined ? 0 : HAS_KIND) |
      (added === undefined ? 0 : HAS_ADDED) |
      (comment === undefined ? 0 : HAS_COMMENT) |
      (member === undefined ? 0 : HAS_MEMBER) |
      (opinions.length === 0 ? 0 : HAS_OPINIONS);
    this.text(entry.id);
    if (grade !== undefined) this.word(dictionaries.grades, grade);
    if (kind !== undefined) this.word(dictionaries.kinds, kind);
    if (member !== undefined) this.word(dictionaries.members, member);
    if (opinions.length > 0) {
      this.integer(opinions.length);
      for (const opinion of opinions) this.opinion(opinion, dictionaries.members);
    }
    if (added !== undefined) {
      number64[0] = added;
      this.copy(number64Bytes, 0, 8);
    }
    if (comment !== undefined) this.text(comment);
    this.integer(signals.length);
    for (const signal of signals) this.#signal(signal);
    this.closeRecord(start);
  }

  /** Fills in the length of the record that began at `start`. */
  closeRecord(start: number): void {
    const length = this.at - start - 4;
    this.bytes[start] = length;
    this.bytes[start + 1] = length >>> 8;
    this.bytes[start + 2] = length >>> 16;
    this.bytes[start + 3] = length >>> 24;
  }

  integer(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  text(text: string): void {
    // Ids are short and ASCII: a loop is several times faster than the encoder.
    if (text.length < 128) {
      const start = this.at++;
      let i = 0;
      for (; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        this.bytes[this.at++] = code;
      }
      if (i === text.length) {
        this.bytes[start] = text.length;
        return;
      }
      this.at = start;
    }
    const encoded = encoder.encode(text);
    this.integer(encoded.length);
    this.copy(encoded, 0, encoded.length);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.bytes[this.at++] = source[i]!;
  }

  opinion({ member, affirmative }: Opinion, members: Dictionary): void {
    this.bytes[this.at++] = affirmative ? 1 : 0;
    this.word(members, member);
  }

  word(dictionary: Dictionary, word: string): void {
    const code = dictionary.code(word);
    this.integer(code);
    if (code === 0) this.text(word);
  }

  #signal({ type, value, quality, active, derived }: EntrySignal): void {
    this.bytes[this.at++] =
      signalCode(type) |
      (active ? ACTIVE : 0) |
      (quality === undefined ? 0 : HAS_QUALITY) |
      (derived === true ? DERIVED : 0);
    if (quality !== undefined) this.bytes[this.at++] = Math.max(0, Math.min(255, Math.round(quality)));
    this.copy(value, 0, value.length);
  }
}

/** Walks over a record without making objects; `open` it, then read its parts in their order. */
export class RecordReader {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  /** Where the record ends. */
  end = 0;
  flags = 0;
  idStart = 0;
  idEnd = 0;
  /** Of the current signal, after `nextSignal`. */
  type = 0;
  active = false;
  derived = false;
  quality = -1;
  valueAt = 0;
  #signalsLeft = 0;

  open(bytes: Uint8Array, offset: number): void {
    this.bytes = bytes;
    this.end =
      offset +
      4 +
      (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24));
    this.at = offset + 4;
    this.flags = bytes[this.at++]!;
    const length = this.integer();
    this.idStart = this.at;
    this.at += length;
    this.idEnd = this.at;
  }

  integer(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128 || shift > 28) return value >>> 0;
    }
  }

  id(): string {
    return decode(this.bytes, this.idStart, this.idEnd);
  }

  text(): string {
    const length = this.integer();
    this.at += length;
    return decode(this.bytes, this.at - length, this.at);
  }

  word(dictionary: Dictionary): string {
    const code = this.integer();
    return code === 0 ? this.text() : dictionary.word(code);
  }

  /** Number of a grade's or kind's code, its text skipped. */
  skipWord(): number {
    const code = this.integer();
    if (code === 0) this.skipText();
    return code;
  }

  opinion(members: Dictionary): Opinion {
    const affirmative = this.bytes[this.at++] === 1;
    return { member: this.word(members), affirmative };
  }

  skipOpinions(): void {
    for (let left = this.integer(); left > 0; left--) {
      this.at++;
      this.skipWord();
    }
  }

  skipText(): void {
    const length = this.integer();
    this.at += length;
  }

  skipNumber(): number {
    this.at += 8;
    return this.at - 8;
  }

  number(): number {
    const at = this.skipNumber();
    for (let i = 0; i < 8; i++) number64Bytes[i] = this.bytes[at + i]!;
    return number64[0]!;
  }

  /** Goes from the id straight to the signals. */
  skipToSignals(): void {
    if (this.flags & HAS_GRADE) this.skipWord();
    if (this.flags & HAS_KIND) this.skipWord();
    if (this.flags & HAS_MEMBER) this.skipWord();
    if (this.flags & HAS_OPINIONS) this.skipOpinions();
    if (this.flags & HAS_ADDED) this.skipNumber();
    if (this.flags & HAS_COMMENT) this.skipText();
    this.openSignals();
  }

  openSignals(): void {
    this.#signalsLeft = this.integer();
  }

  nextSignal(): boolean {
    if (this.#signalsLeft === 0) return false;
    this.#signalsLeft--;
    const head = this.bytes[this.at++]!;
    this.type = head & TYPE_BITS;
    this.active = (head & ACTIVE) !== 0;
    this.derived = (head & DERIVED) !== 0;
    this.quality = head & HAS_QUALITY ? this.bytes[this.at++]! : -1;
    this.valueAt = this.at;
    this.at += WIDTH_BY_CODE[this.type]!;
    return true;
  }

  /** The whole record that was just opened. */
  entry(dictionaries: Dictionaries): Entry {
    const id = this.id();
    const grade = this.flags & HAS_GRADE ? this.word(dictionaries.grades) : undefined;
    const kind = this.flags & HAS_KIND ? this.word(dictionaries.kinds) : undefined;
    const member = this.flags & HAS_MEMBER ? this.word(dictionaries.members) : undefined;
    const opinions: Opinion[] = [];
    if (this.flags & HAS_OPINIONS) {
      for (let left = this.integer(); left > 0; left--) opinions.push(this.opinion(dictionaries.members));
    }
    const added = this.flags & HAS_ADDED ? this.number() : undefined;
    const comment = this.flags & HAS_COMMENT ? this.text() : undefined;
    this.openSignals();
    const signals: EntrySignal[] = [];
    while (this.nextSignal()) {
      signals.push({
        type: SIGNAL_TYPE_NAMES[this.type]!,
        value: this.bytes.slice(this.valueAt, this.at),
        ...(this.quality >= 0 && { quality: this.quality }),
        active: this.active,
        ...(this.derived && { derived: true }),
      });
    }
    return {
      id,
      ...(grade !== undefined && { grade }),
      ...(kind !== undefined && { kind }),
      ...(added !== undefined && { added }),
      ...(comment !== undefined && { comment }),
      ...(member !== undefined && { member }),
      ...(opinions.length > 0 && { opinions }),
      signals,
    };
  }
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  if (end - start < 24) {
    let text = '';
    let i = start;
    for (; i < end && bytes[i]! < 128; i++) text += String.fromCharCode(bytes[i]!);
    if (i === end) return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}
