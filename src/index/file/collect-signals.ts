import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { Pacer } from '../pause.js';
import { SIGNAL_WIDTHS, signalCode, tableOf } from '../signal-widths.js';
import type { ValueList } from '../value-list.js';
import type { Dictionary } from './dictionary.js';
import { HAS_GRADE, HAS_MEMBER, HAS_OPINIONS, RecordReader } from './entry-record.js';
import type { RecordLog } from './record-log.js';

/**
 * The active signals of one type: where each lies in the log, and the row that has it. Frames of videos stand among the
 * pictures, in the list of the type `pdq`; their own list has figures only.
 */
export interface CollectedValues extends ValueList {
  /** Signals of the type, inactive ones included. */
  readonly all: number;
  /** Of them, those that are active. */
  readonly active: number;
  /** For each value of the list 1 when it is a frame; absent when none is. */
  readonly frames: Uint8Array | undefined;
  /** Whether some entry has more than one of them. */
  readonly several: boolean;
}

export interface CollectedSignals {
  readonly types: Readonly<Record<SignalTypeName, CollectedValues>>;
  readonly grades: Readonly<Record<string, number>>;
  /** Whether an entry says who gave it or what members think of it, or has a signal that we made. */
  readonly opinions: boolean;
}

/**
 * Walks over the records and notes where the active signals are.
 * @param rows address of each row's record
 * @param capacities for each type how many active signals there are at most
 */
export async function collectSignals(
  log: RecordLog,
  rows: Uint32Array,
  capacities: Readonly<Record<SignalTypeName, number>>,
  grades: Dictionary,
  signal?: AbortSignal,
): Promise<CollectedSignals> {
  const lists = SIGNAL_TYPE_NAMES.map((type) => new Collector(log, SIGNAL_WIDTHS[type], capacities[type]));
  const listOf = SIGNAL_TYPE_NAMES.map((type) => lists[signalCode(tableOf(type))]!);
  const byGrade = new Uint32Array(grades.words.length + 1);
  const reader = new RecordReader();
  const pacer = new Pacer(signal);
  let opinions = false;
  for (let row = 0; row < rows.length; row++) {
    const address = rows[row]!;
    const offset = log.offset(address);
    reader.open(log.chunk(address), offset);
    if (reader.flags & HAS_GRADE) {
      const at = reader.at;
      byGrade[reader.skipWord()]!++;
      reader.at = at;
    }
    if (reader.flags & (HAS_MEMBER | HAS_OPINIONS)) opinions = true;
    reader.skipToSignals();
    while (reader.nextSignal()) {
      const own = lists[reader.type]!;
      own.all++;
      if (reader.derived) opinions = true;
      if (!reader.active) continue;
      own.active++;
      const list = listOf[reader.type]!;
      list.note(address + reader.valueAt - offset, row);
      if (list !== own) list.markFrame();
    }
    if ((row & 1023) === 0 && pacer.due) await pacer.pause();
  }
  return {
    types: Object.fromEntries(SIGNAL_TYPE_NAMES.map((type, i) => [type, lists[i]!])) as unknown as Record<
      SignalTypeName,
      CollectedValues
    >,
    grades: Object.fromEntries(
      ['', ...grades.words].flatMap((word, code) => (byGrade[code]! > 0 ? [[word, byGrade[code]!]] : [])),
    ),
    opinions,
  };
}

class Collector implements CollectedValues {
  all = 0;
  active = 0;
  count = 0;
  several = false;
  frames: Uint8Array | undefined;
  readonly rows: Uint32Array;
  readonly #addresses: Uint32Array;
  readonly #log: RecordLog;
  readonly #width: number;

  constructor(log: RecordLog, width: number, capacity: number) {
    this.#log = log;
    this.#width = width;
    this.rows = new Uint32Array(capacity);
    this.#addresses = new Uint32Array(capacity);
  }

  note(address: number, row: number): void {
    if (this.count > 0 && this.rows[this.count - 1] === row) this.several = true;
    this.rows[this.count] = row;
    this.#addresses[this.count++] = address;
  }

  /** Says that the value that was noted last is a frame of a video. */
  markFrame(): void {
    this.frames ??= new Uint8Array(this.rows.length);
    this.frames[this.count - 1] = 1;
  }

  copyInto(index: number, target: Uint8Array, offset: number): void {
    const address = this.#addresses[index]!;
    const bytes = this.#log.chunk(address);
    const start = this.#log.offset(address);
    for (let i = 0; i < this.#width; i++) target[offset + i] = bytes[start + i]!;
  }
}
