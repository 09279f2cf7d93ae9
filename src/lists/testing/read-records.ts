import type { SignalTypeName } from '../../signals/signal-type.js';
import type { ListParser } from '../formats/list-parser.js';
import { ListRecord } from '../formats/list-record.js';

/** A record as plain data. */
export interface PlainRecord {
  line: number;
  problem?: string;
  id?: string;
  grade?: string;
  kind?: string;
  added?: number;
  comment?: string;
  quality?: number;
  signals: string[];
  malformed?: SignalTypeName[];
  unreadable?: string[];
  badFrames?: number[];
}

/** Reads everything, with the input cut into pieces of the given lengths, over and over. */
export function readRecords(
  parser: ListParser,
  input: Uint8Array | string,
  pieces: readonly number[] = [65536],
): PlainRecord[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const record = new ListRecord();
  const records: PlainRecord[] = [];
  const drain = () => {
    while (parser.next(record)) records.push(plain(record));
  };
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = Math.max(1, pieces[i % pieces.length] ?? 1);
    parser.feed(bytes.subarray(at, at + length));
    drain();
    at += length;
  }
  parser.end();
  drain();
  return records;
}

function plain(record: ListRecord): PlainRecord {
  const { line, problem, id, grade, kind, added, comment, quality, malformed, unreadable, badFrames } = record;
  return {
    line,
    ...(problem !== undefined && { problem }),
    ...(id !== undefined && { id }),
    ...(grade !== undefined && { grade }),
    ...(kind !== undefined && { kind }),
    ...(added !== undefined && { added }),
    ...(comment !== undefined && { comment }),
    ...(quality !== undefined && { quality }),
    signals: record.signals.map(
      (signal) =>
        `${signal.type}:${Buffer.from(signal.value).toString('hex')}${signal.quality === undefined ? '' : `@${signal.quality}`}`,
    ),
    ...(malformed.length > 0 && { malformed: [...malformed] }),
    ...(unreadable.length > 0 && { unreadable: [...unreadable] }),
    ...(badFrames.length > 0 && { badFrames: [...badFrames] }),
  };
}

/** A value of a signal type that is made from a number: the same each time, and never a hash of anything. */
export function signalText(type: Exclude<SignalTypeName, 'vpdq'>, seed: number): string {
  const bytes = { md5: 16, sha1: 20, sha256: 32, pdq: 32, photodna: 144 }[type];
  let state = (seed * 2654435761 + bytes) >>> 0;
  let text = '';
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    text += ((state ^ (state >>> 16)) & 255).toString(16).padStart(2, '0');
  }
  return text;
}
