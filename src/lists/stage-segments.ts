import { createHash, type Hash } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { ByteSink } from '../index/byte-io.js';
import type { Entry } from '../index/entry.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { SegmentBuilder } from '../index/segment-builder.js';
import type { WordsContent } from '../index/words/words-entry.js';
import { abortableEach } from '../runtime/abortable.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { Admission } from './admit.js';
import { detectFormat, parserFor } from './formats/detect.js';
import type { ListFormat, ListParser, ParserOptions } from './formats/list-parser.js';
import { ListRecord } from './formats/list-record.js';
import { openInput } from './formats/open-input.js';
import { type ImportReport, ReportCounter, rejectedInWords } from './import-report.js';
import { stageWords } from './words/stage-words.js';

/** Fewer than a segment can hold, so that a bad day of one segment is a bad day of a part of the list only. */
export const ENTRIES_PER_SEGMENT = 8_000_000;

/** Input is read in pieces of at most this size, so that an abort is heard in time. */
const PIECE = 256 * 1024;
const PROGRESS_MS = 100;

/** How far the staging of a list has come, when its last segment was committed. */
export interface StageCheckpoint {
  /** Entries in the segments so far. */
  readonly entries: number;
  readonly records: number;
  /** Bytes of the unpacked input that had been read, and their SHA-256. */
  readonly bytes: number;
  readonly sha256: string;
}

export interface StageProgress {
  /** Bytes of the input as it came, packed or not. */
  readonly bytesRead: number;
  readonly totalBytes: number | undefined;
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Segments that are written. */
  readonly segments: number;
  readonly stage: 'reading' | 'writing';
}

/** What says how a list is to be read; plain data. */
export interface StageSettings extends ParserOptions {
  /** What it holds, when that is not fingerprints of media. */
  readonly content?: WordsContent | undefined;
  /** Told from the first bytes when not given. */
  readonly format?: ListFormat | undefined;
  /** Share of records that may be rejected, 0 to 1; duplicates do not count. */
  readonly maxRejected?: number | undefined;
  readonly entriesPerSegment?: number | undefined;
  readonly totalBytes?: number | undefined;
  /** Goes on where an earlier attempt on the same input has stopped. */
  readonly resume?: StageCheckpoint | undefined;
}

export interface StageOptions extends StageSettings {
  readonly pool: MemoryPool;
  readonly blobs: Pick<BlobStore, 'create'>;
  /** Told of each segment once it is committed; awaited before anything else is done. */
  readonly onSegment?: ((segment: ManifestSegment, checkpoint: StageCheckpoint) => Promise<void>) | undefined;
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StageResult {
  /** The segments that were written now; those of an earlier attempt are not among them. */
  readonly segments: readonly ManifestSegment[];
  readonly report: ImportReport;
  /** SHA-256 of the unpacked input. */
  readonly sha256: string;
}

/**
 * Reads a list and writes its entries into segments: no database, no thread, nothing that others see. Takes constant
 * memory beside the segment under construction and the keys by which duplicates are told.
 *
 * With `resume` the whole input is read and judged again, which is quick and needs nothing of the earlier attempt but
 * its place; only the building of the segments that are there already is left out.
 *
 * @throws VigieError `list-format-unknown`, `list-header-invalid`, `list-malformed`, `list-all-rejected`,
 *   `list-too-many-rejected`, `import-source-changed` when the input is not the one of `resume`; what the source, the
 *   blob store or `onSegment` throw; the signal's reason
 */
export async function stageSegments(input: AsyncIterable<Uint8Array>, options: StageOptions): Promise<StageResult> {
  if (options.content !== undefined) return await stageWords(input, options.content, options);
  const staging = new Staging(options);
  try {
    return await staging.run(input);
  } finally {
    staging.dispose();
  }
}

class Staging {
  readonly #options: StageOptions;
  readonly #counter = new ReportCounter();
  readonly #admission = new Admission(this.#counter);
  readonly #record = new ListRecord();
  readonly #segments: ManifestSegment[] = [];
  readonly #sha256 = createHash('sha256');
  /** The running hash just up to where an earlier attempt had read. */
  #resumeAt: number;
  #bytes = 0;
  #bytesRead = 0;
  #builder: SegmentBuilder | undefined;
  #stage: 'reading' | 'writing' = 'reading';
  #told = 0;
  /** Entries beyond those of `resume` that were added to a segment, and those among them that are committed. */
  #added = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#resumeAt = options.resume?.bytes ?? -1;
  }

  async run(input: AsyncIterable<Uint8Array>): Promise<StageResult> {
    const { signal, format: named } = this.#options;
    const { head, all } = await openInput(this.#counted(abortableEach(input, signal)));
    const format = named ?? detectFormat(head, this.#options);
    const parser = parserFor(format, this.#options);
    for await (const chunk of all) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        this.#hash(piece);
        parser.feed(piece);
        await this.#drain(parser);
        signal?.throwIfAborted();
      }
    }
    parser.end();
    await this.#drain(parser);
    if (this.#resumeAt > this.#bytes) throw changed();
    const report = this.#counter.report(format, parser.ignoredColumns);
    checkRejected(report, this.#options.maxRejected);
    await this.#finishSegment();
    this.#tell(true);
    return { segments: this.#segments, report, sha256: this.#sha256.digest('hex') };
  }

  dispose(): void {
    this.#builder = undefined;
  }

  async *#counted(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      this.#bytesRead += chunk.length;
      yield chunk;
    }
  }

  /** Reads all records that are there. */
  async #drain(parser: ListParser): Promise<void> {
    const record = this.#record;
    const counter = this.#counter;
    const skip = this.#options.resume?.entries ?? 0;
    while (parser.next(record)) {
      const entry = this.#admission.admit(record);
      if (entry === undefined || counter.accepted <= skip) continue;
      if (!this.#add(entry)) {
        await this.#finishSegment();
        if (!this.#add(entry)) throw new VigieError('internal', { detail: 'an entry fits no segment' });
      }
    }
    this.#tell(false);
  }

  #add(entry: Entry): boolean {
    const { pool, entriesPerSegment = ENTRIES_PER_SEGMENT } = this.#options;
    this.#builder ??= new SegmentBuilder({ pool, maxEntries: entriesPerSegment });
    if (this.#builder.add(entry) === 'full') return false;
    this.#added++;
    return true;
  }

  async #finishSegment(): Promise<void> {
    const builder = this.#builder;
    this.#builder = undefined;
    if (builder === undefined) return;
    const { blobs, onSegment, resume, signal } = this.#options;
    this.#stage = 'writing';
    this.#tell(true);
    const segment = await writeSegment(builder, blobs, signal);
    this.#segments.push(segment);
    await onSegment?.(segment, {
      entries: (resume?.entries ?? 0) + this.#added,
      records: this.#counter.records,
      bytes: this.#bytes,
      sha256: this.#sha256.copy().digest('hex'),
    });
    this.#stage = 'reading';
    this.#tell(true);
  }

  #hash(piece: Uint8Array): void {
    const before = this.#bytes;
    this.#bytes += piece.length;
    const within = this.#resumeAt - before;
    if (this.#resumeAt >= 0 && within <= piece.length) {
      const upTo: Hash = this.#sha256.copy().update(piece.subarray(0, within));
      if (upTo.digest('hex') !== this.#options.resume?.sha256) throw changed();
      this.#resumeAt = -1;
    }
    this.#sha256.update(piece);
  }

  #tell(always: boolean): void {
    const { onProgress, totalBytes } = this.#options;
    if (onProgress === undefined) return;
    const now = performance.now();
    if (!always && now - this.#told < PROGRESS_MS) return;
    this.#told = now;
    const { records, accepted, rejected, duplicates } = this.#counter;
    const segments = this.#segments.length;
    const counts = { records, accepted, rejected, duplicates, segments };
    onProgress({ bytesRead: this.#bytesRead, totalBytes, ...counts, stage: this.#stage });
  }
}

/** Writes what a builder holds into the blob store. What fails leaves no blob behind. */
export async function writeSegment(
  builder: { finish(sink: ByteSink, signal?: AbortSignal): Promise<{ readonly entries: number }> },
  blobs: Pick<BlobStore, 'create'>,
  signal?: AbortSignal,
): Promise<ManifestSegment> {
  const blob = await blobs.create();
  try {
    const summary = await builder.finish(blob, signal);
    const { id, bytes } = await blob.commit();
    return { id, bytes, entries: summary.entries, summary };
  } catch (error) {
    await blob.abort();
    throw error;
  }
}

function changed(): VigieError {
  return new VigieError('import-source-changed');
}

/** @throws VigieError `list-all-rejected`, `list-too-many-rejected` */
export function checkRejected(report: ImportReport, maxRejected = 1): void {
  const { records, accepted, rejectedRecords } = report;
  const detail = `${rejectedRecords} of ${records} records: ${rejectedInWords(report)}`;
  if (accepted === 0) throw new VigieError('list-all-rejected', { detail });
  if (rejectedRecords > records * maxRejected) throw new VigieError('list-too-many-rejected', { detail });
}
