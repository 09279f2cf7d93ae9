import { VigieError } from '../../errors.js';
import type { PhotoDnaMetric } from '../../signals/photodna/photodna.js';
import type { Hits } from '../hits.js';
import { type PhotoDnaKernel, photoDnaKernel } from './photodna-kernel.js';
import { BOX_BYTES, boxes, GROUP, LEAF, orderBySketch } from './photodna-order.js';
import {
  learnSketching,
  PHOTODNA_BYTES,
  SKETCH_BYTES,
  Sketcher,
  type Sketching,
  sketchBound,
  type ValueColumn,
} from './photodna-sketch.js';

/** Below this many values comparing them all is as fast. */
export const SKETCH_FROM = 1024;

/** Readers that may search one table at once, one a thread; each has its own corner of the memory. */
const SLOTS = 16;
const SLOT_HITS = 480;
const SLOT_BYTES = 256 + SLOT_HITS * 8;
const LOCK_BYTES = 64;
const SCRATCH_BYTES = LOCK_BYTES + SLOTS * SLOT_BYTES;

/** Where a table lies in its memory and how its sketches are made. Plain data: JSON, or a message to another thread. */
export interface PhotoDnaLayout {
  readonly count: number;
  readonly base: number;
  readonly sketching?: Sketching;
}

/** The largest distance that can be asked for: two values that differ by 255 everywhere. */
export const MAX_DISTANCE: Readonly<Record<PhotoDnaMetric, number>> = {
  'squared-euclidean': PHOTODNA_BYTES * 255 * 255,
  manhattan: PHOTODNA_BYTES * 255,
};

const align = (bytes: number): number => (bytes + 15) & ~15;

/**
 * PhotoDNA values in shared memory, searched exactly: every value within the threshold is found. Each value belongs to an
 * owner, a number of the caller's.
 */
export class PhotoDnaTable {
  readonly layout: PhotoDnaLayout;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: PhotoDnaKernel;
  readonly #slot: number;
  readonly #sketcher: Sketcher | undefined;
  readonly #owners: Uint32Array;
  #compared = 0;

  private constructor(memory: WebAssembly.Memory, layout: PhotoDnaLayout) {
    this.layout = layout;
    this.#memory = memory;
    this.#kernel = photoDnaKernel(memory);
    this.#sketcher = layout.sketching && new Sketcher(layout.sketching);
    const { owners } = regions(layout);
    this.#owners = new Uint32Array(memory.buffer, owners, layout.count);
    this.#slot = claimSlot(memory, layout.base);
  }

  /** How much memory a table of so many values takes. */
  static bytesFor(count: number): number {
    return regions({ count, base: 0, ...(count >= SKETCH_FROM && { sketching: NO_SKETCHING }) }).end;
  }

  /**
   * Lays out a table in `memory` from `base` (a multiple of 16).
   * @param owners for each value the number that belongs to it
   */
  static build(values: ValueColumn, owners: Uint32Array, memory: WebAssembly.Memory, base = 0): PhotoDnaTable {
    const { count } = values;
    const sketching = count >= SKETCH_FROM ? learnSketching(values) : undefined;
    const layout: PhotoDnaLayout = { count, base, ...(sketching && { sketching }) };
    const at = regions(layout);
    const bytes = new Uint8Array(memory.buffer);
    const ownersThere = new Uint32Array(memory.buffer, at.owners, count);
    if (sketching) {
      const unordered = sketchAll(values, sketching);
      const order = orderBySketch(unordered, count);
      const value = new Uint8Array(PHOTODNA_BYTES);
      for (let i = 0; i < count; i++) {
        const from = order[i]!;
        values.copyInto(from, value, 0);
        bytes.set(value, at.rows + i * PHOTODNA_BYTES);
        const sketch = at.sketches + i * SKETCH_BYTES;
        for (let d = 0; d < SKETCH_BYTES; d++) bytes[sketch + d] = unordered[from * SKETCH_BYTES + d]!;
        ownersThere[i] = owners[from]!;
      }
      const sketches = bytes.subarray(at.sketches, at.sketches + count * SKETCH_BYTES);
      bytes.set(boxes(sketches, count, LEAF), at.leaves);
      bytes.set(boxes(sketches, count, LEAF * GROUP), at.groups);
    } else {
      for (let i = 0; i < count; i++) values.copyInto(i, bytes, at.rows + i * PHOTODNA_BYTES);
      ownersThere.set(owners.subarray(0, count));
    }
    bytes.fill(0, base, base + LOCK_BYTES);
    return new PhotoDnaTable(memory, layout);
  }

  /**
   * Opens a table whose image lies in `memory`.
   * @param fresh true when the image was just read into the memory, false when another thread searches it already
   */
  static attach(memory: WebAssembly.Memory, layout: PhotoDnaLayout, fresh: boolean): PhotoDnaTable {
    if (fresh) new Uint8Array(memory.buffer, layout.base, LOCK_BYTES).fill(0);
    return new PhotoDnaTable(memory, layout);
  }

  /** Where the image of a table lies: what has to be stored, and read back to the same place. */
  static imageRange(layout: PhotoDnaLayout): { readonly start: number; readonly end: number } {
    return { start: layout.base + SCRATCH_BYTES, end: regions(layout).end };
  }

  get count(): number {
    return this.layout.count;
  }

  /** The owner of each value, by the value's number. */
  get owners(): Uint32Array {
    return this.#owners;
  }

  /** How many values the last search compared in full: the rest was dropped by boxes and sketches. */
  get compared(): number {
    return this.#compared;
  }

  /**
   * Adds every value within `threshold` (inclusive) of `query` to `hits`, in no particular order.
   * @param query 144 bytes
   * @param prune false compares every value, to measure what pruning brings
   * @returns how many there are
   */
  search(query: Uint8Array, metric: PhotoDnaMetric, threshold: number, hits: Hits, prune = true): number {
    const { count, sketching } = this.layout;
    const { groups, leaves, sketches, rows } = regions(this.layout);
    const manhattan = metric === 'manhattan';
    const limit = Math.min(threshold, MAX_DISTANCE[metric]);
    const bytes = new Uint8Array(this.#memory.buffer, this.#slot, SLOT_BYTES);
    bytes.set(query);
    const out = this.#slot + 256;
    const found = new Uint32Array(this.#memory.buffer, out, SLOT_HITS * 2);
    const before = hits.count;
    this.#compared = 0;
    const take = (n: number): void => {
      hits.reserve(n);
      for (let i = 0; i < n; i++) hits.push(found[2 * i]!, found[2 * i + 1]!);
      this.#compared += this.#kernel.fullCompares();
    };
    if (sketching && this.#sketcher && prune) {
      const bound = sketchBound(sketching, metric, limit);
      this.#sketcher.sketchInto(query, 0, bytes, PHOTODNA_BYTES);
      const leafCount = Math.ceil(count / LEAF);
      for (let leaf = 0; leaf < leafCount; leaf = this.#kernel.stoppedAt()) {
        take(
          this.#kernel.search(
            manhattan,
            this.#slot,
            this.#slot + PHOTODNA_BYTES,
            groups,
            leaves,
            sketches,
            rows,
            count,
            limit,
            bound.sum,
            bound.cells,
            leaf,
            out,
            SLOT_HITS,
          ),
        );
      }
    } else {
      for (let first = 0; first < count; first = this.#kernel.stoppedAt()) {
        take(this.#kernel.scan(manhattan, this.#slot, rows, count, limit, first, out, SLOT_HITS));
      }
    }
    return hits.count - before;
  }

  /** Gives this reader's corner of the memory back. The table must not be searched through this object afterwards. */
  detach(): void {
    const slot = (this.#slot - this.layout.base - LOCK_BYTES) / SLOT_BYTES;
    Atomics.store(new Int32Array(this.#memory.buffer, this.layout.base, SLOTS), slot, 0);
  }
}

const NO_SKETCHING: Sketching = { group: [], sign: [], origin: [], step: 1 };

function regions({ count, base, sketching }: PhotoDnaLayout): {
  groups: number;
  leaves: number;
  sketches: number;
  rows: number;
  owners: number;
  end: number;
} {
  const groups = base + SCRATCH_BYTES;
  const leafCount = sketching ? Math.ceil(count / LEAF) : 0;
  const leaves = groups + Math.ceil(leafCount / GROUP) * BOX_BYTES;
  const sketches = leaves + leafCount * BOX_BYTES;
  const rows = sketches + (sketching ? count * SKETCH_BYTES : 0);
  const owners = rows + count * PHOTODNA_BYTES;
  return { groups, leaves, sketches, rows, owners, end: owners + align(count * 4) };
}

function sketchAll(values: ValueColumn, sketching: Sketching): Uint8Array {
  const sketcher = new Sketcher(sketching);
  const sketches = new Uint8Array(values.count * SKETCH_BYTES);
  const value = new Uint8Array(PHOTODNA_BYTES);
  for (let i = 0; i < values.count; i++) {
    values.copyInto(i, value, 0);
    sketcher.sketchInto(value, 0, sketches, i * SKETCH_BYTES);
  }
  return sketches;
}

function claimSlot(memory: WebAssembly.Memory, base: number): number {
  const locks = new Int32Array(memory.buffer, base, SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) {
    if (Atomics.compareExchange(locks, slot, 0, 1) === 0) return base + LOCK_BYTES + slot * SLOT_BYTES;
  }
  throw new VigieError('memory-exhausted', { detail: `more than ${SLOTS} threads read one PhotoDNA table` });
}
