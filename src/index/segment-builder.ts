import { VigieError } from '../errors.js';
import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../signals/signal-type.js';
import type { ByteSink } from './byte-io.js';
import type { Entry } from './entry.js';
import { ExactTable } from './exact/exact-table.js';
import { type CollectedSignals, collectSignals } from './file/collect-signals.js';
import { Dictionary } from './file/dictionary.js';
import { ROWS_PER_BLOCK, writeEntries } from './file/entry-blocks.js';
import type { Dictionaries, RecordReader } from './file/entry-record.js';
import { fencesOf, IDS_PER_BLOCK } from './file/id-index.js';
import { indexIds } from './file/index-ids.js';
import { MAX_LOG_BYTES, RecordLog } from './file/record-log.js';
import { type ResidentSection, SectionWriter } from './file/sections.js';
import { LiveRows } from './live-rows.js';
import { MAX_NUMBERED } from './packed-keys.js';
import { Pacer } from './pause.js';
import type { MemoryPool } from './pdq/memory-pool.js';
import { PdqTable } from './pdq/pdq-table.js';
import { PhotoDnaTable } from './photodna/photodna-table.js';
import { type DistinctValues, distinctValues } from './postings.js';
import { type PdqPart, type ResidentLayout, TABLE_FROM } from './resident-layout.js';
import type { SegmentSummary, SignalCounts } from './segment-summary.js';
import { EXACT_TYPES, SIGNAL_WIDTHS, tableOf } from './signal-widths.js';

const DEFAULT_MAX_ENTRIES = 10_000_000;
/** A segment lies in one memory of at most 4 GiB. */
const MAX_RESIDENT = 3.5 * 2 ** 30;
/** More signals than a single entry has: a two-hour video brings thousands. */
const MOST_AT_ONCE = 2 ** 16;
/** What a signal may take in memory at the most. */
const RESIDENT_BOUND: Readonly<Record<SignalTypeName, number>> = {
  md5: 22,
  sha1: 26,
  sha256: 38,
  pdq: 140,
  photodna: 168,
  vpdq: 140,
};

export interface SegmentBuilderOptions {
  /** Where the memory comes from in which the segment is put together. */
  readonly pool: MemoryPool;
  /** How many entries the segment takes, at most 2²⁴; 10 million unless told otherwise. */
  readonly maxEntries?: number;
  /** From how many distinct PDQ hashes on the segment has a table; below, the live head scans them. */
  readonly tableFrom?: number;
}

/**
 * Puts a segment together: add entries, then finish. Keeps an entry as the bytes that the file will have, so ten million
 * need little more memory than their signals and ids.
 */
export class SegmentBuilder {
  readonly #pool: MemoryPool;
  readonly #maxEntries: number;
  readonly #tableFrom: number;
  readonly #log = new RecordLog();
  readonly #dictionaries: Dictionaries = {
    grades: new Dictionary(),
    kinds: new Dictionary(),
    members: new Dictionary(),
  };
  readonly #active: Record<SignalTypeName, number> = { md5: 0, sha1: 0, sha256: 0, pdq: 0, photodna: 0, vpdq: 0 };
  #resident = 2 ** 20;
  #finished = false;

  constructor({ pool, maxEntries = DEFAULT_MAX_ENTRIES, tableFrom = TABLE_FROM }: SegmentBuilderOptions) {
    this.#pool = pool;
    this.#tableFrom = tableFrom;
    this.#maxEntries = Math.min(maxEntries, MAX_NUMBERED);
  }

  /** How many entries were added so far, earlier versions of the same id included. */
  get entries(): number {
    return this.#log.count;
  }

  /**
   * Adds an entry; its bytes are copied. Of entries with the same id the last wins.
   * @returns `full` when the segment cannot take it; it was not added then
   * @throws VigieError `signal-invalid` for a value of the wrong length, `entry-too-large`
   */
  add(entry: Entry): 'added' | 'full' {
    for (const { type, value } of entry.signals) {
      if (value.length !== SIGNAL_WIDTHS[type]) throw new VigieError('signal-invalid', { detail: `${type}: length` });
    }
    if (this.#isFull()) return 'full';
    this.#log.append(entry, this.#dictionaries);
    for (const { type, active } of entry.signals) if (active) this.#count(type);
    return 'added';
  }

  /** Adds a record of another segment, just opened by `reader`, without making an entry of it. */
  addRecord(reader: RecordReader, dictionaries: Dictionaries): 'added' | 'full' {
    if (this.#isFull()) return 'full';
    this.#log.copy(reader, dictionaries, this.#dictionaries);
    while (reader.nextSignal()) if (reader.active) this.#count(SIGNAL_TYPE_NAMES[reader.type]!);
    return 'added';
  }

  /**
   * Writes the segment. The builder is spent afterwards, also when this fails.
   * @throws VigieError `memory-exhausted`; what the sink throws; the reason of `signal`
   */
  async finish(sink: ByteSink, signal?: AbortSignal): Promise<SegmentSummary> {
    if (this.#finished) throw new VigieError('internal', { detail: 'a segment builder was used twice' });
    this.#finished = true;
    const log = this.#log;
    const pacer = new Pacer(signal);
    const ids = await indexIds(log, signal);
    const collected = await collectSignals(log, ids.rows, this.#active, this.#dictionaries.grades, signal);
    const pdq = await this.#collectPdq(collected, pacer);
    const layout = layOut(collected, pdq?.values, ids.rows.length, this.#tableFrom);
    const memory = this.#pool.acquire(layout.bytes);
    try {
      const distinct = await fill(memory, layout, collected, pdq?.values, pacer);
      const writer = new SectionWriter(sink);
      // Segments without videos and opinions stay readable for those who do not know of them.
      const version = collected.opinions ? 3 : collected.types.vpdq.all > 0 ? 2 : 1;
      await writer.head(version);
      // From here on the log is let go piece by piece, so that it and the finished tables are never there at once.
      const entries = await writeEntries(writer, log, ids.rows, version > 1, signal);
      const resident = await writeResident(writer, memory, layout, pdq?.hashes, pacer);
      writer.open('ids');
      await writer.add(ids.keys.bytes);
      const idSection = writer.close();
      writer.open('fences');
      const fences = fencesOf(ids.keys);
      await writer.add(new Uint8Array(fences.buffer));
      const fenceSection = writer.close();
      const summary = summarise(collected, distinct, ids.rows.length, ids.superseded, layout.bytes);
      await writer.foot({
        summary,
        grades: this.#dictionaries.grades.words,
        kinds: this.#dictionaries.kinds.words,
        ...(version === 3 && { members: this.#dictionaries.members.words }),
        rowsPerBlock: ROWS_PER_BLOCK,
        idsPerBlock: IDS_PER_BLOCK,
        sections: [...entries, idSection, fenceSection],
        resident: resident.sections,
        layout: resident.layout,
      });
      return summary;
    } finally {
      this.#pool.release(memory);
    }
  }

  #isFull(): boolean {
    return this.#log.count >= this.#maxEntries || this.#resident >= MAX_RESIDENT || this.#log.bytes >= MAX_LOG_BYTES;
  }

  #count(type: SignalTypeName): void {
    // Rows and numbers of values both have 24 bits.
    if (++this.#active[tableOf(type)] >= MAX_NUMBERED - MOST_AT_ONCE) this.#resident = MAX_RESIDENT;
    this.#resident += RESIDENT_BOUND[type];
  }

  async #collectPdq(
    collected: CollectedSignals,
    pacer: Pacer,
  ): Promise<{ values: DistinctValues; hashes: Uint8Array } | undefined> {
    const list = collected.types.pdq;
    if (list.count === 0) return undefined;
    const values = distinctValues(list, 32, list.frames);
    await pacer.pause();
    const hashes = new Uint8Array(values.count * 32);
    for (let i = 0; i < values.count; i++) list.copyInto(values.representatives[i]!, hashes, i * 32);
    await pacer.pause();
    return { values, hashes };
  }
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function layOut(
  collected: CollectedSignals,
  pdq: DistinctValues | undefined,
  rows: number,
  tableFrom: number,
): ResidentLayout {
  let at = 0;
  const take = (bytes: number): number => {
    const start = at;
    at += align(bytes);
    return start;
  };
  let pdqPart: PdqPart | undefined;
  if (pdq) {
    // The table comes first: its layout is only known when it is built.
    const small = pdq.count < tableFrom;
    const start = take(small ? pdq.count * 32 : PdqTable.bytesFor(pdq.count));
    pdqPart = {
      distinct: pdq.count,
      ...(small && { hashes: start }),
      first: take(pdq.count * 4),
      more: take(pdq.more.length * 4),
      moreLength: pdq.more.length,
    };
  }
  const exact = Object.fromEntries(
    EXACT_TYPES.flatMap((type) => {
      const { count } = collected.types[type];
      const width = SIGNAL_WIDTHS[type];
      return count === 0 ? [] : [[type, { width, count, base: take(ExactTable.bytesFor(width, count)) }]];
    }),
  );
  const photodna = collected.types.photodna.count;
  return {
    rows,
    exact,
    ...(pdqPart && { pdq: pdqPart }),
    ...(photodna > 0 && { photodna: { count: photodna, base: take(PhotoDnaTable.bytesFor(photodna)) } }),
    live: take(LiveRows.bytesFor(rows)),
    several: SIGNAL_TYPE_NAMES.filter((type) => collected.types[type].several),
    bytes: at,
  };
}

/** Fills everything but the PDQ hashes. @returns how many distinct active values each type has */
async function fill(
  memory: WebAssembly.Memory,
  layout: ResidentLayout,
  { types }: CollectedSignals,
  pdq: DistinctValues | undefined,
  pacer: Pacer,
): Promise<Partial<Record<SignalTypeName, number>>> {
  const { buffer } = memory;
  const distinct: Partial<Record<SignalTypeName, number>> = {};
  if (layout.pdq && pdq) {
    // The memory may come from another segment: nothing of that may stay, not even between the parts.
    new Uint8Array(buffer, 0, layout.bytes).fill(0, layout.pdq.first);
    new Uint32Array(buffer, layout.pdq.first, pdq.count).set(pdq.first);
    new Uint32Array(buffer, layout.pdq.more, pdq.more.length).set(pdq.more);
    distinct.pdq = pdq.unmarked;
    distinct.vpdq = pdq.marked;
  } else {
    new Uint8Array(buffer, 0, layout.bytes).fill(0);
  }
  for (const type of EXACT_TYPES) {
    const part = layout.exact[type];
    if (!part) continue;
    distinct[type] = ExactTable.build(part.width, types[type], buffer, part.base).distinct();
    await pacer.pause();
  }
  if (layout.photodna) {
    distinct.photodna = distinctValues(types.photodna, SIGNAL_WIDTHS.photodna).count;
    await pacer.pause();
    const table = PhotoDnaTable.build(types.photodna, types.photodna.rows, memory, layout.photodna.base);
    (layout as { photodna: typeof table.layout }).photodna = table.layout;
    await pacer.pause();
  }
  return distinct;
}

async function writeResident(
  writer: SectionWriter,
  memory: WebAssembly.Memory,
  layout: ResidentLayout,
  pdqHashes: Uint8Array | undefined,
  pacer: Pacer,
): Promise<{ sections: ResidentSection[]; layout: ResidentLayout }> {
  const bytes = new Uint8Array(memory.buffer);
  const sections: ResidentSection[] = [];
  const section = async (name: string, start: number, end: number): Promise<void> => {
    writer.open(name);
    await writer.add(bytes.subarray(start, end));
    sections.push({ ...writer.close(), at: start });
    await pacer.pause();
  };
  let pdq = layout.pdq;
  if (pdq && pdqHashes) {
    if (pdq.hashes === undefined) {
      const table = PdqTable.build(pdqHashes, memory, 0);
      pdq = { ...pdq, table: table.layout };
      const image = table.image();
      await section('pdq-table', image.byteOffset, image.byteOffset + image.length);
    } else {
      bytes.set(pdqHashes, pdq.hashes);
      await section('pdq-hashes', pdq.hashes, pdq.hashes + pdqHashes.length);
    }
    await section('pdq-rows', pdq.first, pdq.more + 4 * pdq.moreLength);
  }
  for (const type of EXACT_TYPES) {
    const part = layout.exact[type];
    if (part) await section(type, part.base, part.base + ExactTable.bytesFor(part.width, part.count));
  }
  if (layout.photodna) {
    const { start, end } = PhotoDnaTable.imageRange(layout.photodna);
    await section('photodna', start, end);
  }
  return { sections, layout: pdq ? { ...layout, pdq } : layout };
}

function summarise(
  { types, grades }: CollectedSignals,
  distinct: Partial<Record<SignalTypeName, number>>,
  entries: number,
  superseded: number,
  residentBytes: number,
): SegmentSummary {
  const signals: Partial<Record<SignalTypeName, SignalCounts>> = {};
  for (const type of SIGNAL_TYPE_NAMES) {
    const { all, active } = types[type];
    if (all > 0) signals[type] = { values: all, active, distinct: distinct[type] ?? 0 };
  }
  return { entries, superseded, signals, grades, residentBytes };
}
