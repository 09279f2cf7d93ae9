import { SIGNAL_TYPE_NAMES, type SignalType, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';

/** Why a whole record could not be read, whatever its signals are. */
export type RecordProblem = 'malformed' | 'invalid-utf8' | 'too-long';

/** One signal of a record. `value` is overwritten when the next record is read. */
export interface RecordSignal {
  readonly type: SignalTypeName;
  readonly value: Uint8Array;
  quality: number | undefined;
}

/** Longest text of one signal that is looked at: 144 bytes in hexadecimal, with room for white space. */
const SIGNAL_TEXT_LIMIT = 1024;

/** No medium has more signals than this. */
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
  /** PDQ quality for those PDQ signals that state none themselves. */
  quality: number | undefined;
  readonly signals: RecordSignal[] = [];
  /** The type of every signal that was there and could not be read. */
  readonly malformed: SignalTypeName[] = [];
  /** Fields beside the signals that were there and could not be read, and were left out. */
  readonly unreadable: string[] = [];

  readonly #slots: Record<SignalTypeName, RecordSignal[]>;
  readonly #scratch = Buffer.alloc(SIGNAL_TEXT_LIMIT);

  constructor() {
    this.#slots = Object.fromEntries(SIGNAL_TYPE_NAMES.map((name) => [name, []])) as unknown as Record<
      SignalTypeName,
      RecordSignal[]
    >;
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
    this.quality = undefined;
    this.signals.length = 0;
    this.malformed.length = 0;
    this.unreadable.length = 0;
  }

  /**
   * Reads the signal in `source[start..end)`, ASCII text without white space around it. One field may hold several
   * values with white space between them. What cannot be read is remembered as malformed.
   */
  addBytes(type: SignalType, source: Uint8Array, start: number, end: number): void {
    if (this.signals.length + this.malformed.length >= SIGNALS_LIMIT) {
      this.problem = 'too-long';
      return;
    }
    const slot = this.#slot(type);
    if (type.parseInto(source, start, end, slot.value, 0)) {
      slot.quality = undefined;
      this.signals.push(slot);
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

  /** The same for text that is a string already. */
  addText(name: SignalTypeName, text: string, quality?: number): void {
    const trimmed = text.trim();
    const length = trimmed.length > SIGNAL_TEXT_LIMIT ? 0 : this.#scratch.write(trimmed, 'utf8');
    const before = this.signals.length;
    // A longer text than fits is cut by `write`, and must not pass for a shorter one.
    if (length === 0 || length < trimmed.length) this.malformed.push(name);
    else this.addBytes(signalType(name), this.#scratch, 0, length);
    for (let i = before; i < this.signals.length; i++) (this.signals[i] as RecordSignal).quality = quality;
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

  #slot(type: SignalType): RecordSignal {
    const slots = this.#slots[type.name];
    let used = 0;
    for (const signal of this.signals) if (signal.type === type.name) used++;
    let slot = slots[used];
    if (slot === undefined) {
      slot = { type: type.name, value: new Uint8Array(type.bytes), quality: undefined };
      slots[used] = slot;
    }
    return slot;
  }
}

const SPACE = 32;

export function qualityOf(value: unknown): number | undefined {
  const quality = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof quality === 'number' && quality >= 0 && quality <= 100 ? Math.floor(quality) : undefined;
}

/** Below this a number means seconds; 10^11 milliseconds are the year 1973, 10^11 seconds the year 5138. */
const SECONDS_BELOW = 1e11;

function timeOf(value: unknown): number | undefined {
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
