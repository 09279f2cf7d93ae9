import { MAX_NUMBERED, PackedKeys, spread } from '../packed-keys.js';
import { Pacer } from '../pause.js';
import { RecordReader } from './entry-record.js';
import type { RecordLog } from './record-log.js';

export interface IndexedIds {
  /** Sorted; the numbers are rows. */
  readonly keys: PackedKeys;
  /** Address of each row's record. */
  readonly rows: Uint32Array;
  readonly superseded: number;
}

/** Sorts the ids of all records. Where an id came more than once the last record is kept and the others get no row. */
export async function indexIds(log: RecordLog, signal?: AbortSignal): Promise<IndexedIds> {
  const records = log.addresses();
  const keys = new PackedKeys(records.length);
  const reader = new RecordReader();
  const hash = new Uint32Array(2);
  const pacer = new Pacer(signal);
  for (let i = 0; i < records.length; i++) {
    reader.open(log.chunk(records[i]!), log.offset(records[i]!));
    spread(reader.bytes, reader.idStart, reader.idEnd, hash);
    keys.push(hash[0]!, hash[1]! & 255, i);
    if ((i & 1023) === 0 && pacer.due) await pacer.pause();
  }
  keys.sort();
  const dropped = findSuperseded(log, records, keys);
  if (dropped.size === 0) return { keys, rows: records, superseded: 0 };

  const rowOf = new Uint32Array(records.length);
  const rows = new Uint32Array(records.length - dropped.size);
  let row = 0;
  for (let i = 0; i < records.length; i++) {
    if (dropped.has(i)) {
      rowOf[i] = MAX_NUMBERED;
    } else {
      rows[row] = records[i]!;
      rowOf[i] = row++;
    }
  }
  let kept = 0;
  for (let i = 0; i < keys.count; i++) {
    const to = rowOf[keys.number(i)]!;
    if (to === MAX_NUMBERED) continue;
    keys.move(i, kept);
    keys.setNumber(kept++, to);
  }
  keys.truncate(kept);
  return { keys, rows, superseded: dropped.size };
}

function findSuperseded(log: RecordLog, records: Uint32Array, keys: PackedKeys): Set<number> {
  const dropped = new Set<number>();
  const reader = new RecordReader();
  for (let start = 0; start < keys.count; ) {
    const end = keys.endOfRun(start);
    if (end - start > 1) {
      // Numbers ascend within a run: a later record takes the place of the earlier one in the map.
      const last = new Map<string, number>();
      for (let i = start; i < end; i++) {
        const number = keys.number(i);
        reader.open(log.chunk(records[number]!), log.offset(records[number]!));
        const id = reader.id();
        const before = last.get(id);
        if (before !== undefined) dropped.add(before);
        last.set(id, number);
      }
    }
    start = end;
  }
  return dropped;
}
