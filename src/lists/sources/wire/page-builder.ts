import type { EntrySignal } from '../../../index/entry.js';
import type { SignalTypeName } from '../../../signals/signal-type.js';
import { signalType } from '../../../signals/signal-types.js';
import type { SetAside, SourceChange } from '../source.js';

/** Longest text that is tried as a signal: 144 numbers with commas, and room. */
const SIGNAL_TEXT = 1_024;
/** Longest id that a segment takes, UTF-16 units. */
const ID_LENGTH = 512;

/** A page in the making. */
export class PageBuilder {
  readonly changes: SourceChange[] = [];
  readonly setAside: SetAside[] = [];
  readonly #unused = new Map<string, number>();

  /** Signals of types that we do not know, by the source's name for each. */
  get unused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unused);
  }

  countUnused(type: string): void {
    // Names come from outside: few, short, and never a value that was put in the wrong place.
    const name = /^[A-Za-z][A-Za-z0-9_.-]{0,30}$/.test(type) ? type : 'other';
    const known = this.#unused.has(name) || this.#unused.size < 64;
    const key = known ? name : 'other';
    this.#unused.set(key, (this.#unused.get(key) ?? 0) + 1);
  }

  /** @param id the source's own, or undefined @param place where the record stands, such as `record 3` */
  putAside(reason: string, id: string | undefined, place: string): void {
    // Some sources make ids of hashes.
    const where = id !== undefined && id.length <= 128 && !/[0-9a-f]{32}/i.test(id) ? id : place;
    this.setAside.push({ reason, where });
  }

  /**
   * Reads a signal. One that is no signal of its type, or that must never match, is put aside.
   * @returns undefined when it is put aside
   */
  signal(type: SignalTypeName, text: string, id: string | undefined, place: string): EntrySignal | undefined {
    const value = parseSignal(type, text);
    const problem = value === undefined ? 'malformed-signal' : signalType(type).unusable(value);
    if (value !== undefined && problem === undefined) return { type, value, active: true };
    this.putAside(problem ?? 'malformed-signal', id, place);
    return undefined;
  }
}

export function parseSignal(type: SignalTypeName, text: string): Uint8Array | undefined {
  if (text.length > SIGNAL_TEXT) return undefined;
  try {
    return signalType(type).parse(text);
  } catch {
    return undefined;
  }
}

export function isUsableId(id: string): boolean {
  return id !== '' && id.length <= ID_LENGTH && Buffer.from(id).toString() === id;
}

const MOST_SIGNALS = 1_000;

/** Adds a signal unless the same one is there. */
export function addSignal(signals: EntrySignal[], signal: EntrySignal): void {
  const same = ({ type, value }: EntrySignal) => type === signal.type && Buffer.compare(value, signal.value) === 0;
  if (signals.length < MOST_SIGNALS && !signals.some(same)) signals.push(signal);
}

/** A text from outside that people are shown: one line, and short. */
export function forPeople(text: string): string {
  return text
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 200);
}
