import { VigieError } from '../errors.js';
import type { IndexChange } from '../index/match-index.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { Segment } from '../index/segment.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import type { MatchingRules } from './rules/matching-rules.js';

/** What is told of a list with each match. */
export interface ListInfo {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly expiresAt: Date | null;
  readonly sample: boolean;
  readonly rules: MatchingRules;
}

/** A segment in memory, and why which of its rows do not match. */
interface Part {
  readonly segment: Segment;
  /** Rows whose entry has a later version in a later segment of the list. */
  superseded: ReadonlySet<number>;
  /** Rows whose entry was withdrawn or made inactive. */
  readonly silenced: Set<number>;
}

/** How the summary of a segment in the manifest says that its entries may replace those of earlier segments. */
export function isDelta({ summary }: Pick<ManifestSegment, 'summary'>): boolean {
  return (summary as { delta?: unknown } | null)?.delta === true;
}

/** Entry ids with whether they match. */
export type EntryLiveness = ReadonlyMap<string, boolean>;

const NOTHING: ReadonlySet<number> = new Set();

/**
 * The segments of one list version in memory, in their order. It changes nothing in the index itself: it says what has
 * to change, so that a flip is one step.
 */
export class LoadedList {
  readonly info: ListInfo;
  readonly #parts: readonly Part[];

  private constructor(info: ListInfo, parts: readonly Part[]) {
    this.info = info;
    this.#parts = parts;
  }

  /**
   * Loads a version. Segments that `before` has in memory are used again.
   * @returns the list, and the segments that were loaded anew: closing them is the caller's when he does not use the list
   * @throws VigieError `blob-not-found`, `seal-damaged`, `segment-damaged`, `segment-foreign`, `memory-exhausted`; then
   * nothing stays loaded
   */
  static async load(
    info: ListInfo,
    manifest: readonly ManifestSegment[],
    before: LoadedList | undefined,
    source: { readonly blobs: Pick<BlobStore, 'open'>; readonly pool: MemoryPool; readonly signal?: AbortSignal },
    onSegment: (done: number, all: number) => void,
  ): Promise<{ list: LoadedList; fresh: readonly Segment[] }> {
    const known = LoadedList.#partsOf(before);
    const fresh: Segment[] = [];
    const parts: Part[] = [];
    try {
      for (const { id } of manifest) {
        const there = known.get(id);
        if (there === undefined) {
          const bytes = await source.blobs.open(id);
          const { pool, signal } = source;
          const options = { id, list: info.id, pool, ...(signal === undefined ? {} : { signal }) };
          const segment = await Segment.load(bytes, options);
          fresh.push(segment);
          parts.push({ segment, superseded: NOTHING, silenced: new Set() });
        } else {
          parts.push({ segment: there.segment, superseded: NOTHING, silenced: there.silenced });
        }
        onSegment(parts.length, manifest.length);
      }
      await findSuperseded(parts, manifest);
      return { list: new LoadedList(info, parts), fresh };
    } catch (error) {
      for (const segment of fresh) await segment.close();
      throw error;
    }
  }

  /** By the id of the segment. */
  static #partsOf(list: LoadedList | undefined): Map<string, Part> {
    return new Map((list === undefined ? [] : list.#parts).map((part) => [part.segment.id, part]));
  }

  /** The same segments with something else to be told of them. */
  withInfo(info: ListInfo): LoadedList {
    return new LoadedList(info, this.#parts);
  }

  get segments(): readonly Segment[] {
    return this.#parts.map(({ segment }) => segment);
  }

  get entries(): number {
    return this.#parts.reduce((sum, { segment, superseded }) => sum + segment.summary.entries - superseded.size, 0);
  }

  /** What takes the index from the version before to this one: one flip. */
  changeFrom(before: LoadedList | undefined): IndexChange {
    const known = LoadedList.#partsOf(before);
    const add: Segment[] = [];
    const live: { segmentId: string; row: number; live: boolean }[] = [];
    for (const { segment, superseded, silenced } of this.#parts) {
      const there = known.get(segment.id);
      known.delete(segment.id);
      const segmentId = segment.id;
      for (const row of superseded) live.push({ segmentId, row, live: false });
      if (there === undefined) {
        add.push(segment);
        for (const row of silenced) live.push({ segmentId, row, live: false });
      } else {
        for (const row of there.superseded) {
          if (!superseded.has(row) && !silenced.has(row)) live.push({ segmentId, row, live: true });
        }
      }
    }
    return { add, remove: [...known.keys()], live };
  }

  /** The segments of the version before that this one does not use. */
  leftOver(before: LoadedList | undefined): readonly Segment[] {
    const used = new Set(this.#parts.map(({ segment }) => segment.id));
    return (before?.segments ?? []).filter(({ id }) => !used.has(id));
  }

  /**
   * Makes entries match or not, wherever they stand in the list.
   * @returns what has to change in the index; to be applied at once
   */
  async setLive(entries: EntryLiveness): Promise<IndexChange> {
    const live: { segmentId: string; row: number; live: boolean }[] = [];
    for (const part of this.#parts) {
      for (const [id, matches] of entries) {
        const row = await part.segment.findRow(id);
        if (row === undefined) continue;
        if (matches) part.silenced.delete(row);
        else part.silenced.add(row);
        live.push({ segmentId: part.segment.id, row, live: matches && !part.superseded.has(row) });
      }
    }
    return { live };
  }

  /** Where the current version of an entry stands, whether or not it matches. */
  async find(entryId: string): Promise<{ segment: Segment; row: number } | undefined> {
    for (let i = this.#parts.length - 1; i >= 0; i--) {
      const { segment } = this.#parts[i] as Part;
      const row = await segment.findRow(entryId);
      if (row !== undefined) return { segment, row };
    }
    return undefined;
  }

  isSuperseded(segmentId: string, row: number): boolean {
    return this.#parts.find(({ segment }) => segment.id === segmentId)?.superseded.has(row) ?? false;
  }

  /** Closes every segment; take them out of the index first. */
  async close(): Promise<void> {
    for (const segment of this.segments) await segment.close();
  }
}

/** An entry that comes again in a later delta gives way to it. */
async function findSuperseded(parts: readonly Part[], manifest: readonly ManifestSegment[]): Promise<void> {
  const rows = parts.map(() => new Set<number>());
  for (let later = 1; later < parts.length; later++) {
    const entry = manifest[later];
    if (entry === undefined || !isDelta(entry)) continue;
    for await (const { entry: each } of (parts[later] as Part).segment.entries()) {
      for (let earlier = 0; earlier < later; earlier++) {
        const row = await (parts[earlier] as Part).segment.findRow(each.id);
        if (row !== undefined) rows[earlier]?.add(row);
      }
    }
  }
  for (const [i, part] of parts.entries()) part.superseded = rows[i] ?? NOTHING;
}

/** What tells a failure to load that is worth a second look at the manifest from one that stays. */
export function isGone(error: unknown): boolean {
  return error instanceof VigieError && error.code === 'blob-not-found';
}
