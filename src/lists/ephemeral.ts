import { VigieError } from '../errors.js';
import { type LookupAnswer, type LookupOptions, MatchIndex, type PhotoDnaMatching } from '../index/match-index.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { Segment } from '../index/segment.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { type ImportReport, rejectedInWords } from './import-report.js';
import { readPath, withoutEnding } from './import-source.js';
import { MemoryBlobStore } from './memory-blob-store.js';
import { type StageProgress, type StageSettings, stageSegments } from './stage-segments.js';

export interface LoadListFileOptions extends StageSettings {
  /** How PhotoDNA values are compared; without a threshold only equal ones match. */
  readonly photodna?: { readonly metric: PhotoDnaMatching['metric']; readonly threshold: number | undefined };
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StageProgress) => void;
  /** Told in a sentence, list by list, of what could not be used; not called when all could. */
  readonly onReport?: (text: string) => void;
}

/** Lists that one command uses: nothing is stored, and nothing is left. */
export class EphemeralLists {
  readonly ready = true;
  readonly incomplete = false;
  readonly appliedSeq = 0;
  /** What became of the records, by list. */
  readonly reports: ReadonlyMap<string, ImportReport>;
  readonly #index: MatchIndex;

  constructor(index: MatchIndex, reports: ReadonlyMap<string, ImportReport>) {
    this.#index = index;
    this.reports = reports;
  }

  get index(): MatchIndex {
    return this.#index;
  }

  /** @throws VigieError `signal-invalid`, `threshold-invalid` */
  lookup(type: SignalTypeName, value: Uint8Array, options: LookupOptions = {}): LookupAnswer {
    return this.#index.lookup(type, value, options);
  }

  describe(segment: Segment): { readonly name: string; readonly version: number; readonly sample: boolean } {
    return { name: segment.list, version: 1, sample: false };
  }

  async close(): Promise<void> {
    const segments = this.#index.segments;
    this.#index.apply({ remove: segments.map(({ id }) => id) });
    for (const segment of segments) await segment.close();
  }
}

/**
 * Loads list files into memory, without a service and without a database. A list is called as its file, without the ending.
 * @throws VigieError `file-not-readable`, and what `stageSegments` throws, with the file's name
 */
export async function loadListFile(
  paths: string | readonly string[],
  { photodna, onReport, ...settings }: LoadListFileOptions = {},
): Promise<EphemeralLists> {
  const pool = new MemoryPool();
  const threshold = photodna?.threshold;
  const index = new MatchIndex({
    pool,
    ...(photodna !== undefined && threshold !== undefined && { photodna: { metric: photodna.metric, threshold } }),
  });
  const reports = new Map<string, ImportReport>();
  const lists = new EphemeralLists(index, reports);
  try {
    for (const path of typeof paths === 'string' ? [paths] : paths) {
      const name = withoutEnding(path);
      const report = await loadInto(index, pool, path, name, settings);
      reports.set(name, report);
      if (Object.keys(report.rejected).length > 0) onReport?.(`${name}: left out ${rejectedInWords(report)}`);
    }
    return lists;
  } catch (error) {
    await lists.close();
    throw error;
  }
}

async function loadInto(
  index: MatchIndex,
  pool: MemoryPool,
  path: string,
  name: string,
  settings: Omit<LoadListFileOptions, 'photodna' | 'onReport'>,
): Promise<ImportReport> {
  const blobs = new MemoryBlobStore();
  const { segments, report } = await stageSegments(readPath(path), { ...settings, name, pool, blobs }).catch(
    (thrown) => {
      settings.signal?.throwIfAborted();
      const error = VigieError.from(thrown);
      const detail = error.detail === undefined ? name : `${name}: ${error.detail}`;
      throw new VigieError(error.code, { detail, cause: error });
    },
  );
  for (const { id } of segments) {
    index.apply({ add: [await Segment.load(await blobs.open(id), { id, list: name, pool })] });
  }
  return report;
}
