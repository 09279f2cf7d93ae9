import type { Opinion } from '../../index/entry.js';
import { SIGNAL_TYPE_NAMES, type SignalType, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { MAX_VPDQ_FRAMES, VPDQ_BYTES, type VpdqFrame, writeVpdqValue } from '../../signals/vpdq/vpdq-frame.js';
import { readVpdq, readVpdqItem, readVpdqItems, type VpdqVisitor } from '../../signals/vpdq/vpdq-text.js';

/** Why a whole record could not be read, whatever its signals are. */
export type RecordProblem = 'malformed' | 'invalid-utf8' | 'too-long';

/** One signal of a record. `value` is overwritten when the next record is read. */
export interface RecordSignal {
  readonly type: SignalTypeName;
  readonly value: Uint8Array;
  quality: number | undefined;
  /** Of a frame of a video its number among the frames, from 1; else 0. */
  number: number;
  /** Made by us from a confirmed medium; see EntrySignal. */
  derived: boolean;
}

/** Longest text of one signal that is looked at: 144 bytes in hexadecimal, with room for white space. */
const SIGNAL_TEXT_LIMIT = 1024;

/** No medium has more signals than this, the frames of a video apart. */
const SIGNALS_LIMIT = 1000;

/** Longest id and other short texts, in UTF-16 units. */
export const TEXT_LIMIT = 512;

/**
 * One record of a list as its source states it, before any rule was applied. A parser fills the same object again and
 * again, so that reading ten million records makes no ten million objects.
 */
export class ListRecord {
  /** The line of the input on which the record begins; the first is 1. */
  line = 0;
  problem: RecordProblem | undefined;
  id: string | undefined;
  grade: string | undefined;
  kind: string | undefined;
  /** Milliseconds since 1970. */
  added: number | undefined;
  comment: string | undefined;
  /** Id of the member who gave it to the exchange. */
  member: string | undefined;
  readonly opinions: Opinion[] = [];
  /** Quality for those PDQ signals and frames that state none themselves. */
  quality: number | undefined;
  readonly signals: RecordSignal[] = [];
  /** The type of every signal that was there and could not be read. */
  readonly malformed: SignalTypeName[] = [];
  /** The number of every frame of a video that was there and could not be read, from 1. */
  readonly badFrames: number[] = [];
  /** Fields beside the signals that were there and could not be read, and were left out. */
  readonly unreadable: string[] = [];

  readonly #slots: Record<SignalTypeName, RecordSignal[]>;
  /** How many of the slots of a type are in use. */
  readonly #used: Record<SignalTypeName, number>;
  /** Frames before those that are being read. */
  #before = 0;
  readonly #scratch = Buffer.alloc(SIGNAL_TEXT_LIMIT);
  readonly #visitor: VpdqVisitor = {
    frame: (frame, number) => this.#addFrame(frame, number),
    bad: (number) => this.#addBadFrame(number),
  };

  constructor() {
    this.#slots = Object.fromEntries(SIGNAL_TYPE_NAMES.map((name) => [name, []])) as unknown as Record<
      SignalTypeName,
      RecordSignal[]
    >;
    this.#used = Object.fromEntries(SIGNAL_TYPE_NAMES.map((name) => [name, 0])) as Record<SignalTypeName, number>;
  }

  /** Makes the record empty. */
  reset(line: number): void {
    this.line = line;
    this.problem = undefined;
    this.id = undefined;
    this.grade = undefined;
    this.kind = undefined;
    this.added = undefined;
    this.comment = undefined;
    this.member = undefined;
    this.opinions.length = 0;
    this.quality = undefined;
    this.signals.length = 0;
    this.malformed.length = 0;
    this.badFrames.length = 0;
    for (const name of SIGNAL_TYPE_NAMES) this.#used[name] = 0;
    this.unreadable.length = 0;
  }

  /**
   * Reads the signal in `source[start..end)`, ASCII text without white space around it. One field may hold several
   * values with white space between them. What cannot be read is remembered as malformed.
   */
  addBytes(type: SignalType, source: Uint8Array, start: number, end: number): void {
    if (type.name === 'vpdq') {
      this.addFrames(DECODER.decode(source.subarray(start, end)));
      return;
    }
    const frames = this.#used.vpdq;
    if (this.signals.length - frames + this.malformed.length >= SIGNALS_LIMIT) {
      this.problem = 'too-long';
      return;
    }
    const slot = this.#slot(type.name, type.bytes);
    if (type.parseInto(source, start, end, slot.value, 0)) {
      this.#take(slot, undefined);
      return;
    }
    for (let i = start; i < end; i++) {
      if (source[i] !== SPACE) continue;
      this.addBytes(type, source, start, i);
      while (source[i] === SPACE) i++;
      this.addBytes(type, source, i, end);
      return;
    }
    this.malformed.push(type.name);
  }

  /**
   * The same for text that is a string already.
   * @param derived whether we made the signal from a medium
   */
  addText(name: SignalTypeName, text: string, quality?: number, derived = false): void {
    const before = this.signals.length;
    this.#addText(name, text, quality);
    for (let i = before; derived && i < this.signals.length; i++) (this.signals[i] as RecordSignal).derived = true;
  }

  #addText(name: SignalTypeName, text: string, quality: number | undefined): void {
    const trimmed = text.trim();
    if (name === 'vpdq') {
      this.addFrames(trimmed, quality);
      return;
    }
    const length = trimmed.length > SIGNAL_TEXT_LIMIT ? 0 : this.#scratch.write(trimmed, 'utf8');
    const before = this.signals.length;
    // A longer text than fits is cut by `write`, and must not pass for a shorter one.
    if (length === 0 || length < trimmed.length) this.malformed.push(name);
    else this.addBytes(signalType(name), this.#scratch, 0, length);
    for (let i = before; i < this.signals.length; i++) (this.signals[i] as RecordSignal).quality = quality;
  }

  /**
   * Adds the frames of a video: a text in one of the two forms of vPDQ, one frame, or the elements of a JSON array. What
   * cannot be read is remembered by its number.
   * @param quality of a single frame whose text states none
   */
  addFrames(frames: string | readonly unknown[], quality?: number): void {
    this.#before = this.#used.vpdq + this.badFrames.length;
    if (typeof frames !== 'string') {
      readVpdqItems(frames, this.#visitor);
      return;
    }
    const single = frames.length <= SIGNAL_TEXT_LIMIT ? readVpdqItem(frames, 0) : undefined;
    if (single !== undefined) this.#addFrame(single, 1);
    else if (!this.#addValue(frames, quality) && readVpdq(frames, this.#visitor) === undefined) {
      this.malformed.push('vpdq');
    }
  }

  /** Sets the PDQ quality from a text or number; anything else than 0 to 100 counts as unreadable. */
  setQuality(value: unknown): void {
    this.quality = qualityOf(value);
    if (this.quality === undefined) this.unreadable.push('quality');
  }

  /** Sets when the source added it: a date of ISO 8601, or seconds or milliseconds since 1970. */
  setAdded(value: unknown): void {
    this.added = timeOf(value);
    if (this.added === undefined) this.unreadable.push('added');
  }

  #addFrame(frame: VpdqFrame, number: number): void {
    if (this.#used.vpdq + this.badFrames.length >= MAX_VPDQ_FRAMES) {
      this.problem = 'too-long';
      return;
    }
    const slot = this.#slot('vpdq', VPDQ_BYTES);
    writeVpdqValue(frame, slot.value);
    this.#take(slot, frame.quality, number);
  }

  #addBadFrame(number: number): void {
    if (this.#used.vpdq + this.badFrames.length >= MAX_VPDQ_FRAMES) this.problem = 'too-long';
    else this.badFrames.push(this.#before + number);
  }

  /** A single frame as the value that we store: hexadecimal or base64. */
  #addValue(text: string, quality: number | undefined): boolean {
    if (text.length > 2 * VPDQ_BYTES || this.#used.vpdq + this.badFrames.length >= MAX_VPDQ_FRAMES) return false;
    const slot = this.#slot('vpdq', VPDQ_BYTES);
    const length = this.#scratch.write(text, 'utf8');
    if (!signalType('vpdq').parseInto(this.#scratch, 0, length, slot.value, 0)) return false;
    this.#take(slot, quality, 1);
    return true;
  }

  #slot(name: SignalTypeName, bytes: number): RecordSignal {
    const slots = this.#slots[name];
    const used = this.#used[name];
    let slot = slots[used];
    if (slot === undefined) {
      slot = { type: name, value: new Uint8Array(bytes), quality: undefined, number: 0, derived: false };
      slots[used] = slot;
    }
    return slot;
  }

  /** @param frame its number among those that are being read, from 1; 0 for what is no frame */
  #take(slot: RecordSignal, quality: number | undefined, frame = 0): void {
    slot.quality = quality;
    slot.derived = false;
    slot.number = frame === 0 ? 0 : this.#before + frame;
    this.signals.push(slot);
    this.#used[slot.type]++;
  }
}

const DECODER = new TextDecoder();

const SPACE = 32;

export function qualityOf(value: unknown): number | undefined {
  const quality = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof quality === 'number' && quality >= 0 && quality <= 100 ? Math.floor(quality) : undefined;
}

/** Below this a number means seconds; 10^11 milliseconds are the year 1973, 10^11 seconds the year 5138. */
const SECONDS_BELOW = 1e11;

/** Unix time in milliseconds of what a field says, or undefined. */
export function timeOf(value: unknown): number | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  const number = typeof text === 'string' && /^\d{9,14}$/.test(text) ? Number(text) : text;
  if (typeof number === 'number') {
    if (!Number.isSafeInteger(number) || number < 0) return undefined;
    return number < SECONDS_BELOW ? number * 1000 : number;
  }
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  // A time without a zone would otherwise mean the zone of this machine.
  const zoned = /T.*(Z|[+-]\d{2}:?\d{2})$/i.test(text) || !/[T ]\d/.test(text) ? text : `${text.replace(' ', 'T')}Z`;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? undefined : time;
}
