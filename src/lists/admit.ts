import { hash } from 'node:crypto';
import { type Entry, type EntrySignal, OPINION_LIMIT, type Opinion } from '../index/entry.js';
import { signalType } from '../signals/signal-types.js';
import { type ListRecord, type RecordSignal, TEXT_LIMIT } from './formats/list-record.js';
import type { ReportCounter } from './import-report.js';
import { KeySet } from './key-set.js';

/** PDQ of a picture or a frame with a quality below this tells too little: the reference implementation advises not to match it. */
export const MINIMUM_PDQ_QUALITY = 50;

/** Longest comment that is kept, in UTF-16 units. */
const COMMENT_LIMIT = 1024;

/** Entries whose fields are written over for each record: whoever keeps one copies it. */
interface ReusedSignal {
  type: EntrySignal['type'];
  value: Uint8Array;
  quality: number | undefined;
  active: boolean;
  derived: boolean | undefined;
}

interface ReusedEntry {
  id: string;
  grade: string | undefined;
  kind: string | undefined;
  added: number | undefined;
  comment: string | undefined;
  member: string | undefined;
  opinions: readonly Opinion[] | undefined;
  signals: ReusedSignal[];
}

/**
 * The rules by which a record becomes an entry. A record that comes again (the same id and signals, or without an id the
 * same signals) is left out. One that has the id of an earlier record and other signals is kept under an id that is
 * derived from them: files number their media anew in each case, or give one hash a line, and nothing known may be lost.
 */
export class Admission {
  readonly #counter: ReportCounter;
  readonly #seen: KeySet;
  readonly #spare: ReusedSignal[] = [];
  /** For each signal of the entry its number among the frames of its video, from 1, or 0. */
  readonly #frames: number[] = [];
  readonly #entry: ReusedEntry = {
    id: '',
    grade: undefined,
    kind: undefined,
    added: undefined,
    comment: undefined,
    member: undefined,
    opinions: undefined,
    signals: [],
  };

  /** @param expected about how many records will come, when that is known */
  constructor(counter: ReportCounter, expected?: number) {
    this.#counter = counter;
    this.#seen = new KeySet(expected);
  }

  /**
   * Applies every rule, and counts.
   * @returns the entry, valid until the next call; undefined when the record is left out
   */
  admit(record: ListRecord): Entry | undefined {
    const counter = this.#counter;
    const { line } = record;
    counter.records++;
    if (record.problem !== undefined) {
      counter.leaveOut(record.problem === 'malformed' ? 'malformed-record' : record.problem, line);
      return undefined;
    }
    if (record.id !== undefined && record.id.length > TEXT_LIMIT) {
      counter.leaveOut('id-too-long', line);
      return undefined;
    }
    this.#takeSignals(record);
    const { signals } = this.#entry;
    if (signals.length === 0) {
      const nothing = record.malformed.length + record.badFrames.length === 0 && record.signals.length === 0;
      counter.leaveOut(nothing ? 'no-signal' : 'no-usable-signal', line);
      return undefined;
    }
    const stated = record.id === '' ? undefined : record.id;
    const check = checkOf(signals);
    const before = stated === undefined ? 'other' : this.#seen.add(stated, check);
    if (stated !== undefined && before === 'new') return this.#accept(stated, record);
    if (before === 'same') {
      counter.leaveOut('duplicate-id', line);
      return undefined;
    }
    const id = derivedId(signals);
    if (this.#seen.add(id, check) !== 'new') {
      counter.leaveOut(stated === undefined ? 'duplicate-signals' : 'duplicate-id', line);
      return undefined;
    }
    if (stated !== undefined) counter.note('id-taken', line);
    return this.#accept(id, record);
  }

  #takeSignals(record: ListRecord): void {
    const counter = this.#counter;
    const { signals } = this.#entry;
    signals.length = 0;
    for (let i = 0; i < record.signals.length; i++) {
      const { type, value, quality = record.quality, number, derived } = record.signals[i] as RecordSignal;
      if (type === 'vpdq') {
        this.#takeFrame(record.line, { value, quality, number, derived });
        continue;
      }
      const unusable = signalType(type).unusable(value);
      if (unusable !== undefined) {
        counter.note(unusable, record.line);
        counter.signal(type, 'rejected');
        continue;
      }
      if (signals.some((other) => other.type === type && Buffer.compare(other.value, value) === 0)) continue;
      this.#take(type, value, type === 'pdq' ? quality : undefined, derived);
    }
    for (const type of record.malformed) {
      counter.note('malformed-signal', record.line);
      counter.signal(type, 'rejected');
    }
    for (const frame of record.badFrames) {
      counter.note('malformed-signal', record.line, frame);
      counter.signal('vpdq', 'rejected');
    }
  }

  /** A video keeps every frame, equal ones too: shares of it are counted in frames. */
  #takeFrame(line: number, { value, quality, number: frame, derived }: Omit<RecordSignal, 'type'>): void {
    const counter = this.#counter;
    // A black frame is nothing odd in a video, and has low quality. Without a quality nobody can tell.
    const unusable = quality === undefined ? 'malformed-signal' : signalType('vpdq').unusable(value);
    if (unusable === undefined || (quality !== undefined && quality < MINIMUM_PDQ_QUALITY)) {
      this.#take('vpdq', value, quality, derived, frame);
      return;
    }
    counter.note(unusable, line, frame);
    counter.signal('vpdq', 'rejected');
  }

  #take(type: EntrySignal['type'], value: Uint8Array, quality: number | undefined, derived: boolean, frame = 0): void {
    const { signals } = this.#entry;
    this.#frames[signals.length] = frame;
    const signal = this.#spareSignal(signals.length);
    signal.type = type;
    signal.value = value;
    signal.quality = quality;
    signal.derived = derived || undefined;
    signal.active = quality === undefined || quality >= MINIMUM_PDQ_QUALITY;
    signals.push(signal);
  }

  #accept(id: string, record: ListRecord): Entry {
    const counter = this.#counter;
    const entry = this.#entry;
    entry.id = id;
    entry.grade = short(record.grade);
    entry.kind = short(record.kind);
    entry.added = record.added;
    entry.comment = record.comment === '' ? undefined : record.comment;
    if (record.comment !== undefined && record.comment.length > COMMENT_LIMIT) {
      entry.comment = cut(record.comment, COMMENT_LIMIT);
      counter.note('comment-shortened', record.line);
    }
    this.#takeMembers(record);
    for (let i = 0; i < record.unreadable.length; i++) counter.note('field-unreadable', record.line);
    for (let i = 0; i < entry.signals.length; i++) {
      const { type, active } = entry.signals[i] as ReusedSignal;
      counter.signal(type, active ? 'active' : 'inactive');
      if (!active) counter.note('low-quality', record.line, this.#frames[i]);
    }
    counter.accept(entry.grade);
    // A field that is absent is undefined here, so that the object keeps one shape for ten million records.
    return entry as unknown as Entry;
  }

  #takeMembers(record: ListRecord): void {
    const { member } = record;
    const long = member !== undefined && member.length > MEMBER_LIMIT;
    // The id of a member is compared, so a part of it would be somebody else.
    this.#entry.member = long || member === '' ? undefined : member;
    if (long) this.#counter.note('field-unreadable', record.line);
    this.#entry.opinions = undefined;
    if (record.opinions.length === 0) return;
    const byMember = new Map<string, Opinion>();
    for (const opinion of record.opinions) {
      if (opinion.member === '' || opinion.member.length > MEMBER_LIMIT) {
        this.#counter.note('field-unreadable', record.line);
      } else byMember.set(opinion.member, opinion);
    }
    // Where there are too many, those that speak against the entry stay: they are fewer, and rules ask for them.
    const all = [...byMember.values()].sort((a, b) => Number(a.affirmative) - Number(b.affirmative));
    if (all.length > OPINION_LIMIT) this.#counter.note('opinions-left-out', record.line);
    if (all.length > 0) this.#entry.opinions = all.slice(0, OPINION_LIMIT);
  }

  #spareSignal(i: number): ReusedSignal {
    let signal = this.#spare[i];
    if (signal === undefined) {
      signal = { type: 'md5', value: new Uint8Array(0), quality: undefined, active: true, derived: undefined };
      this.#spare[i] = signal;
    }
    return signal;
  }
}

const GRADE_LIMIT = 64;
const MEMBER_LIMIT = 64;

function short(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  return text.length > GRADE_LIMIT ? cut(text, GRADE_LIMIT) : text;
}

/** The beginning of a text; half a character at the cut becomes U+FFFD. */
function cut(text: string, length: number): string {
  return Buffer.from(text.slice(0, length)).toString();
}

/** 32 bits by which other signals under the same id are told, in whatever order they stand (FNV-1a of each, summed). */
function checkOf(signals: readonly Pick<EntrySignal, 'value'>[]): number {
  let sum = 0;
  for (let i = 0; i < signals.length; i++) {
    const { value } = signals[i] as Pick<EntrySignal, 'value'>;
    let hash = 0x811c9dc5;
    for (let j = 0; j < value.length; j++) hash = Math.imul(hash ^ (value[j] as number), 0x01000193);
    sum = (sum + hash) | 0;
  }
  return sum >>> 0;
}

/**
 * An id for an entry whose source gives none: x and the first 24 hexadecimal digits of the SHA-256 of its signals,
 * written `type:value`, sorted, one a line. So the same entry has the same id in every version of the list, and a
 * withdrawal holds across imports; and the id, which people see, gives no signal away that could be looked up elsewhere.
 */
export function derivedId(signals: readonly Pick<EntrySignal, 'type' | 'value'>[]): string {
  const lines = signals.map(
    ({ type, value }) => `${type}:${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`,
  );
  const text = lines.length === 1 ? (lines[0] as string) : lines.sort().join('\n');
  return `x${hash('sha256', text).slice(0, 24)}`;
}
