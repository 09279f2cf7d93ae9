import { VigieError } from '../errors.js';
import type { IndexChange, RowChange } from '../index/match-index.js';
import { Pacer } from '../index/pause.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { Segment } from '../index/segment.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import type { MatchingRules } from './rules/matching-rules.js';
import { whatGrew } from './what-grew.js';

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
  readonly superseded: Set<number>;
  /** Rows whose entry must not match, as somebody says, and whether their exact hashes match all the same. */
  readonly silenced: Map<number, boolean>;
}

/** A row of a part. */
interface Place {
  readonly part: Part;
  readonly row: number;
}

/** How the summary of a segment in the manifest says that its entries may replace those of earlier segments. */
export function isDelta({ summary }: Pick<ManifestSegment, 'summary'>): boolean {
  return (summary as { delta?: unknown } | null)?.delta === true;
}

/** Whether an entry matches; `exact-only` for one that is quarantined, as no flood comes of its exact hashes. */
export type Liveness = boolean | 'exact-only';

/** Entry ids with whether they match. */
export type EntryLiveness = ReadonlyMap<string, Liveness>;

/** Those of some entries that must not match, or not as others do. */
export type Silenced = (entryIds: readonly string[]) => Promise<EntryLiveness>;

export interface LoadSource {
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly pool: MemoryPool;
  /** What the statuses of entries say. */
  readonly silencedAmong: Silenced;
  /** All that must not match, page by page. */
  readonly silenced: () => AsyncIterable<EntryLiveness>;
  readonly signal?: AbortSignal;
}

/** Ids that are looked up at a time. */
const AT_ONCE = 20_000;

/**
 * The segments of one list version in memory, in their order. It changes nothing in the index itself: it says what has
 * to change, so that a flip is one step.
 */
export class LoadedList {
  readonly info: ListInfo;
  readonly #parts: readonly Part[];
  /** Rows of parts that the version before has too, which give way to entries of this one. */
  readonly #newlySuperseded: readonly Place[];
  /** The version before, when all that is known of it still holds. */
  readonly #grownFrom: LoadedList | undefined;

  private constructor(info: ListInfo, parts: readonly Part[], grown?: { from: LoadedList; places: readonly Place[] }) {
    this.info = info;
    this.#parts = parts;
    this.#grownFrom = grown?.from;
    this.#newlySuperseded = grown?.places ?? [];
  }

  /**
   * Loads a version. Segments that `before` has in memory are used again; when it has only grown, or some of its segments
   * were merged, so is all that is known of them, and the cost is that of what is new.
   * @returns the list, and the segments that were loaded anew: closing them is the caller's when he does not use the list
   * @throws VigieError `blob-not-found`, `seal-damaged`, `segment-damaged`, `segment-foreign`, `memory-exhausted`; then
   * nothing stays loaded
   */
  static async load(
    info: ListInfo,
    manifest: readonly ManifestSegment[],
    before: LoadedList | undefined,
    source: LoadSource,
    onSegment: (done: number, all: number) => void,
  ): Promise<{ list: LoadedList; fresh: readonly Segment[] }> {
    const known = LoadedList.#partsOf(before);
    const grown = before && whatGrew([...known.keys()], manifest);
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
          parts.push({ segment, superseded: new Set(), silenced: new Map() });
        } else if (grown === undefined) {
          parts.push({ segment: there.segment, superseded: new Set(), silenced: new Map() });
        } else parts.push(there);
        onSegment(parts.length, manifest.length);
      }
      if (before === undefined || grown === undefined) {
        const list = new LoadedList(info, parts);
        await list.#learnAll(manifest, source);
        return { list, fresh };
      }
      const places: Place[] = [];
      for (const { at, of } of grown) {
        const run = of.flatMap((id) => known.get(id) ?? []);
        places.push(...(await learnNew(parts, at, run, source)));
      }
      return { list: new LoadedList(info, parts, { from: before, places }), fresh };
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

  /** How many entries match now. */
  get liveEntries(): number {
    return this.segments.reduce((sum, { summary, resident }) => sum + summary.entries - resident.live.dead, 0);
  }

  /** What takes the index from the version before to this one: one flip. Call `settle` once it was made. */
  changeFrom(before: LoadedList | undefined): IndexChange {
    const known = LoadedList.#partsOf(before);
    const add: Segment[] = [];
    const live: RowChange[] = [];
    const still = before !== undefined && this.#grownFrom === before;
    for (const { segment, superseded, silenced } of this.#parts) {
      const there = known.get(segment.id);
      known.delete(segment.id);
      const segmentId = segment.id;
      if (there !== undefined && still) continue;
      for (const row of superseded) live.push({ segmentId, row, live: false });
      for (const [row, exact] of silenced) {
        live.push({ segmentId, row, live: false, exact: exact && !superseded.has(row) });
      }
      if (there === undefined) add.push(segment);
      else {
        for (const row of [...there.superseded, ...there.silenced.keys()]) {
          if (!superseded.has(row) && !silenced.has(row)) live.push({ segmentId, row, live: true });
        }
      }
    }
    for (const { part, row } of this.#newlySuperseded) live.push({ segmentId: part.segment.id, row, live: false });
    return { add, remove: [...known.keys()], live };
  }

  /** The flip was made: what is known of shared segments holds from now on. */
  settle(): void {
    for (const { part, row } of this.#newlySuperseded) part.superseded.add(row);
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
    const live: RowChange[] = [];
    const ids = [...entries.keys()];
    const soon = new Set(this.#newlySuperseded.map(({ part, row }) => `${part.segment.id} ${row}`));
    for (const part of this.#parts) {
      const { segment, silenced, superseded } = part;
      for (const [id, row] of await segment.findRows(ids)) {
        const said = entries.get(id) ?? false;
        const exact = said === 'exact-only';
        if (said === true) silenced.delete(row);
        else silenced.set(row, exact);
        const gone = superseded.has(row) || soon.has(`${segment.id} ${row}`);
        live.push({ segmentId: segment.id, row, live: said === true && !gone, exact: exact && !gone });
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

  /** Where the current versions of some entries stand, whether or not they match. Those not on the list are left out. */
  async findAll(entryIds: readonly string[]): Promise<ReadonlyMap<string, { segment: Segment; row: number }>> {
    const found = new Map<string, { segment: Segment; row: number }>();
    let rest = entryIds;
    for (let i = this.#parts.length - 1; i >= 0 && rest.length > 0; i--) {
      const { segment } = this.#parts[i] as Part;
      const rows = await segment.findRows(rest);
      if (rows.size === 0) continue;
      for (const [id, row] of rows) found.set(id, { segment, row });
      rest = rest.filter((id) => !rows.has(id));
    }
    return found;
  }

  /** Rows of a segment whose entry has a later version in the list, as it is now. */
  supersededIn(segment: Segment): ReadonlySet<number> {
    return new Set(this.#parts.find((part) => part.segment === segment)?.superseded);
  }

  /** Closes every segment; take them out of the index first. */
  async close(): Promise<void> {
    for (const segment of this.segments) await segment.close();
  }

  /** Finds out everything of all parts, which are this list's alone. */
  async #learnAll(manifest: readonly ManifestSegment[], { silenced, signal }: LoadSource): Promise<void> {
    for (const [later, each] of manifest.entries()) {
      if (later === 0 || !isDelta(each)) continue;
      for await (const ids of idsOf(this.#parts[later] as Part, signal)) {
        for (const part of this.#parts.slice(0, later)) {
          for (const row of (await part.segment.findRows(ids)).values()) part.superseded.add(row);
        }
      }
    }
    for await (const entries of silenced()) await this.setLive(entries);
  }
}

/**
 * Finds out what follows from one part that is new.
 * @param run the parts of the version before that it was merged from; none for a delta
 * @returns rows of earlier parts that give way to it
 */
async function learnNew(
  parts: readonly Part[],
  at: number,
  run: readonly Part[],
  { silencedAmong, signal }: LoadSource,
): Promise<readonly Place[]> {
  const part = parts[at] as Part;
  const { segment, silenced } = part;
  const places: Place[] = [];
  if (run.length === 0) {
    for await (const ids of idsOf(part, signal)) {
      const quiet = await silencedAmong(ids);
      for (const [id, row] of await segment.findRows([...quiet.keys()]))
        silenced.set(row, quiet.get(id) === 'exact-only');
      for (const earlier of parts.slice(0, at)) {
        for (const row of (await earlier.segment.findRows(ids)).values()) places.push({ part: earlier, row });
      }
    }
    return places;
  }
  // It says nothing new to the parts before it. Those that came while it was being merged take the place of its entries.
  for (const later of parts.slice(at + 1)) {
    for await (const ids of idsOf(later, signal)) {
      for (const row of (await segment.findRows(ids)).values()) part.superseded.add(row);
    }
  }
  for (const each of run) {
    const pacer = new Pacer(signal);
    const ids = new Map<string, boolean>();
    const take = async () => {
      for (const [id, row] of await segment.findRows([...ids.keys()])) silenced.set(row, ids.get(id) === true);
      ids.clear();
    };
    for (const [row, exact] of [...each.silenced]) {
      ids.set((await each.segment.entry(row)).id, exact);
      if (ids.size === AT_ONCE) await take();
      if (pacer.due) await pacer.pause();
    }
    await take();
  }
  return places;
}

async function* idsOf({ segment }: Part, signal: AbortSignal | undefined): AsyncGenerator<readonly string[]> {
  const pacer = new Pacer(signal);
  let ids: string[] = [];
  for await (const id of segment.ids(signal === undefined ? {} : { signal })) {
    ids.push(id);
    if (ids.length === AT_ONCE) {
      yield ids;
      ids = [];
    }
    if (pacer.due) await pacer.pause();
  }
  if (ids.length > 0) yield ids;
}

/** What tells a failure to load that is worth a second look at the manifest from one that stays. */
export function isGone(error: unknown): boolean {
  return error instanceof VigieError && error.code === 'blob-not-found';
}
