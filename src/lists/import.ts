import { createHash } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { type ImportRun, saveProgress } from '../storage/import-run-store.js';
import {
  createList,
  findList,
  type ListContent,
  type ListTerms,
  lockList,
  removeList,
  type StoredList,
} from '../storage/list-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import type { Db, Tx } from '../storage/schema.js';
import type { ListFormat, ParserOptions } from './formats/list-parser.js';
import type { ImportReport } from './import-report.js';
import { type ImportInput, type OpenedInput, openImportInput, withoutEnding } from './import-source.js';
import { type SegmentPlace, stageInThread, type ThreadOptions } from './import-thread.js';
import { type StageCheckpoint, type StageProgress, type StageResult, stageSegments } from './stage-segments.js';
import { discard, publish, type WriteRuns } from './write-run.js';

export interface ImportOptions extends ParserOptions {
  /** Name of the list; it is made when there is none. */
  readonly list: string;
  /** What the list holds; `media` when left out. @throws `list-content-other` when it holds something else */
  readonly content?: ListContent | undefined;
  /** What is said of the list; what is left out stays as it is. */
  readonly terms?: ListTerms | undefined;
  readonly input: ImportInput;
  /** How people call the file. */
  readonly sourceName?: string | undefined;
  readonly format?: ListFormat | 'auto' | undefined;
  /** Share of records that may be rejected, 0 to 1. */
  readonly maxRejected?: number | undefined;
  readonly entriesPerSegment?: number | undefined;
  readonly onProgress?: ((progress: StageProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Given by the sync of a source only; a list that a source feeds is not imported otherwise. */
  readonly sync?: SyncedImport | undefined;
}

/** What ties a version to the source that it came from. */
export interface SyncedImport {
  /** Where the source goes on once the version is stored. */
  readonly checkpoint: unknown;
  /** Says no by throwing, before anything takes effect. False when the list is so already, and no version is made. */
  readonly judge: (staged: readonly ManifestSegment[]) => Promise<boolean>;
  /** Part of the transaction, whose list is locked. */
  readonly also: (tx: Tx, report: ImportReport, sameVersion: boolean) => Promise<void>;
}

export interface ImportResult {
  readonly list: string;
  readonly version: number;
  readonly entries: number;
  readonly report: ImportReport;
  /** True when segments of an interrupted import were used again. */
  readonly resumed: boolean;
}

export interface ImporterOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly runs: WriteRuns;
  readonly pool: MemoryPool;
  /** Where a thread of its own writes segments; without it the import runs in the calling thread. */
  readonly place?: SegmentPlace | undefined;
  /** Versions that are kept beside the current one. */
  readonly keepVersions: number;
  readonly record?: RecordEvent | undefined;
}

/** Imports whole lists: all of a file becomes the next version, or nothing changes. */
export class Importer {
  readonly #options: ImporterOptions;

  constructor(options: ImporterOptions) {
    this.#options = options;
  }

  /**
   * Imports a list. An import that was interrupted goes on where it was when the same file comes again.
   * @throws VigieError `list-content-other`, `import-in-progress`, `import-aborted`, `import-source-changed` (a stream that is not the one of
   *   the interrupted import; try again), `list-name-invalid`, `file-not-readable`, `disk-full`, what `stageSegments` throws
   */
  async import(options: ImportOptions): Promise<ImportResult> {
    const opened = await openImportInput(options.input, options.signal).catch((thrown: unknown) => {
      throw options.signal?.aborted ? new VigieError('import-aborted', { cause: thrown }) : VigieError.from(thrown);
    });
    try {
      return await this.#import(opened, options);
    } finally {
      opened.close();
    }
  }

  async #import(opened: OpenedInput, options: ImportOptions): Promise<ImportResult> {
    const { runs } = this.#options;
    const { list, made } = await this.#listFor(options);
    if (options.sync === undefined) await assertNotFed(this.#options.database.db, list.id);
    const fingerprint = fingerprintOf(opened, options);
    const name = options.sourceName ?? null;
    // A list of URLs or keywords is one file, written at the end.
    const resumable = async (run: ImportRun) =>
      list.content === 'media' && (await this.#canResume(run, name, fingerprint));
    await using held = await runs.claim(list.id, { name, fingerprint, resumable });
    try {
      return await this.#run(held.run, held.resumed, list, opened, options);
    } catch (thrown) {
      const aborted = options.signal?.aborted === true;
      const error = aborted ? new VigieError('import-aborted', { cause: thrown }) : VigieError.from(thrown);
      const staged = await this.#end(held.run, aborted);
      if (made && !staged) await this.#unmake(list);
      if (error.code === 'import-source-changed' && 'path' in options.input) return await this.#again(held, options);
      throw error;
    }
  }

  async #again(held: AsyncDisposable, options: ImportOptions): Promise<ImportResult> {
    await held[Symbol.asyncDispose]();
    return await this.import(options);
  }

  async #run(
    run: ImportRun,
    resumed: boolean,
    list: StoredList,
    opened: OpenedInput,
    options: ImportOptions,
  ): Promise<ImportResult> {
    const { database, keepVersions, record } = this.#options;
    const earlier = resumed ? run.progress.staged : [];
    const staged: ManifestSegment[] = [...earlier];
    const { report } = await this.#stage(opened, {
      ...settingsOf(options),
      ...(resumed && { resume: run.progress.checkpoint as StageCheckpoint }),
      signal: options.signal,
      onProgress: options.onProgress,
      onSegment: async (segment, checkpoint) => {
        staged.push(segment);
        const counts = { records: checkpoint.records, entries: checkpoint.entries };
        await saveProgress(database.db, run.id, { checkpoint, staged, counts });
      },
    });
    options.signal?.throwIfAborted();
    const entries = staged.reduce((sum, segment) => sum + segment.entries, 0);
    const next = {
      version: run.version,
      sourceName: options.sourceName ?? null,
      format: report.format,
      entries,
      report,
      segments: staged,
      importRun: run.id,
    };
    const { sync, terms } = options;
    if (sync !== undefined && !(await sync.judge(staged))) return await this.#unchanged(run, list, report, sync);
    const also = (tx: Tx) => (sync === undefined ? assertNotFed(tx, list.id) : sync.also(tx, report, false));
    const version = sync === undefined ? next : { ...next, checkpoint: { value: sync.checkpoint } };
    await publish(database, list.id, version, { keep: keepVersions, terms, record, also });
    return { list: list.name, version: run.version, entries, report, resumed };
  }

  async #unchanged(
    run: ImportRun,
    { id, name, currentVersion }: StoredList,
    report: ImportReport,
    sync: SyncedImport,
  ): Promise<ImportResult> {
    const { database, blobs } = this.#options;
    await discard(database, blobs, run, 'abandoned');
    await database.transaction(async (tx) => {
      await lockList(tx, id);
      await sync.also(tx, report, true);
    });
    return { list: name, version: currentVersion ?? 0, entries: report.accepted, report, resumed: false };
  }

  async #stage(opened: OpenedInput, options: ThreadOptions): Promise<StageResult> {
    const { place, blobs, pool } = this.#options;
    if (place !== undefined) return await stageInThread(opened, place, options);
    return await stageSegments(opened.stream, { ...options, totalBytes: opened.bytes, blobs, pool });
  }

  async #listFor({
    list: name,
    terms,
    content = 'media',
  }: ImportOptions): Promise<{ list: StoredList; made: boolean }> {
    const { db } = this.#options.database;
    const there = await findList(db, name);
    if (there === undefined) return { list: await createList(db, name, terms, content), made: true };
    if (there.content !== content) throw new VigieError('list-content-other', { detail: there.content });
    return { list: there, made: false };
  }

  /** Takes back a list that was made for an import that has failed. */
  async #unmake({ id, name }: StoredList): Promise<void> {
    const { database } = this.#options;
    // A version may be there after all, when the database went away between its commit and its answer.
    const now = await findList(database.db, name);
    if (now?.currentVersion === null) await database.transaction((tx) => removeList(tx, id));
  }

  async #canResume(
    { sourceName, fingerprint, progress }: ImportRun,
    name: string | null,
    own: string,
  ): Promise<boolean> {
    if (fingerprint !== own || sourceName !== name || progress.staged.length === 0) return false;
    for (const { id } of progress.staged) if (!(await this.#options.blobs.has(id))) return false;
    return true;
  }

  /** @returns whether segments stay staged, so that the import can be gone on with */
  async #end(run: ImportRun, aborted: boolean): Promise<boolean> {
    const { database, blobs } = this.#options;
    try {
      if (aborted && (await hasStaged(database, run))) return true;
      await discard(database, blobs, run, aborted ? 'abandoned' : 'failed');
    } catch {
      // What made the import fail is what is told; a run that could not be ended here is taken over by the next import.
    }
    return false;
  }
}

/** @throws VigieError `list-has-source` */
export async function assertNotFed(db: Db, listId: string): Promise<void> {
  const fed = await db.selectFrom('source').select('name').where('list_id', '=', listId).executeTakeFirst();
  if (fed !== undefined) throw new VigieError('list-has-source', { detail: fed.name });
}

async function hasStaged(database: Database, run: ImportRun): Promise<boolean> {
  const row = await database.db.selectFrom('import_run').select('staged').where('id', '=', run.id).executeTakeFirst();
  return Array.isArray(row?.staged) && row.staged.length > 0;
}

function settingsOf({ format, sourceName, ...options }: ImportOptions) {
  const { type, map, only, grades, maxRejected, entriesPerSegment } = options;
  // What comes by a pipe has no name.
  const name = sourceName === undefined || sourceName === 'stdin' ? undefined : withoutEnding(sourceName);
  const told = format === 'auto' ? undefined : format;
  const content = options.content === 'media' ? undefined : options.content;
  return { format: told, type, map, only, grades, maxRejected, entriesPerSegment, name, content };
}

/** The same file read in another way is another source. */
function fingerprintOf({ fingerprint }: OpenedInput, options: ImportOptions): string {
  const { format, type, map, only, grades, entriesPerSegment } = settingsOf(options);
  const pairs = [map, grades].map((each) => Object.entries(each ?? {}).sort());
  const settings = JSON.stringify([format ?? null, type ?? null, ...pairs, only ?? null, entriesPerSegment]);
  return createHash('sha256').update(fingerprint).update(settings).digest('hex');
}
