import { ExactTable } from '../index/exact/exact-table.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { PdqHits } from '../index/pdq/pdq-hits.js';
import { PdqTable } from '../index/pdq/pdq-table.js';
import { EXACT_TYPES, type ExactTypeName, SIGNAL_WIDTHS } from '../index/signal-widths.js';
import { complement, DIHEDRAL_NAMES, turnedHash } from '../signals/pdq/dihedral.js';
import { vpdqHash } from '../signals/vpdq/vpdq-frame.js';
import type { DeltaEntry } from './delta-entry.js';

const PDQ_BYTES = 32;
const WAYS = DIHEDRAL_NAMES.length;
/** Hashes that one hash of an entry becomes: eight ways of turning it, and the negative of each. */
export const WAYS_OF_ONE = 2 * WAYS;

/** One hash of an entry in one way of turning it. */
export interface DeltaOwner {
  /** Number of the entry. */
  readonly entry: number;
  /** How the entry was turned to be found, as an index of `DIHEDRAL_NAMES`. */
  readonly way: number;
  readonly negative: boolean;
  /** Whether it was found by a frame of a video. */
  readonly frame: boolean;
}

const WAY_MASK = 7;
const NEGATIVE = 8;
const FRAME = 16;
const FLAG_BITS = 5;

/**
 * New entries, laid out so that a great many seen hashes can be tried against them: each is turned, mirrored and negated
 * here once, instead of every seen hash. Equal hashes are kept once, with all that they stand for.
 */
export class DeltaIndex {
  readonly entries: readonly DeltaEntry[];
  readonly #pdq: PdqTable | undefined;
  readonly #exact: Readonly<Record<ExactTypeName, ExactTable | undefined>>;
  /** The owners of hash i are those from `starts[i]` to `starts[i + 1]`. */
  readonly #starts: Uint32Array;
  /** Number of the entry above its flags. */
  readonly #owners: Float64Array;
  readonly #pool: MemoryPool;
  readonly #memory: WebAssembly.Memory | undefined;
  /** All of them one after another, 32 bytes each. */
  readonly values: Uint8Array;
  readonly hits = new PdqHits();

  private constructor(entries: readonly DeltaEntry[], pool: MemoryPool) {
    this.entries = entries;
    this.#pool = pool;
    const { hashes, starts, owners } = expand(entries);
    this.values = hashes;
    this.#starts = starts;
    this.#owners = owners;
    const count = hashes.length / PDQ_BYTES;
    if (count > 0) {
      this.#memory = pool.acquire(PdqTable.bytesFor(count));
      this.#pdq = PdqTable.build(hashes, this.#memory);
    }
    const tables: Record<ExactTypeName, ExactTable | undefined> = {
      md5: undefined,
      sha1: undefined,
      sha256: undefined,
    };
    for (const type of EXACT_TYPES) tables[type] = exactTable(type, entries);
    this.#exact = tables;
  }

  /** @throws VigieError `memory-exhausted` */
  static build(entries: readonly DeltaEntry[], pool: MemoryPool): DeltaIndex {
    return new DeltaIndex(entries, pool);
  }

  /** Different hashes that are compared, turned ones included. */
  get hashes(): number {
    return this.#pdq?.count ?? 0;
  }

  has(type: ExactTypeName): boolean {
    return this.#exact[type] !== undefined;
  }

  /**
   * Finds every hash within the threshold; they lie in `hits` until the next search.
   * @returns how many
   */
  search(pdq: Uint8Array, threshold: number): number {
    return this.#pdq?.search(pdq, threshold, this.hits) ?? 0;
  }

  /** What a hash stands for. @param hash its number, from `hits` */
  *owners(hash: number): Generator<DeltaOwner> {
    for (let i = this.#starts[hash]!; i < this.#starts[hash + 1]!; i++) {
      const owner = this.#owners[i]!;
      const entry = Math.floor(owner / 2 ** FLAG_BITS);
      const flags = owner - entry * 2 ** FLAG_BITS;
      yield { entry, way: flags & WAY_MASK, negative: (flags & NEGATIVE) !== 0, frame: (flags & FRAME) !== 0 };
    }
  }

  /** The numbers of the entries that have a digest; none most of the time, which costs nothing. */
  exact(type: ExactTypeName, digest: Uint8Array): Uint32Array | undefined {
    const table = this.#exact[type];
    if (table === undefined) return undefined;
    const first = table.first(digest);
    const end = table.end(digest);
    return first === end ? undefined : table.rows.subarray(first, end);
  }

  close(): void {
    if (this.#memory !== undefined) this.#pool.release(this.#memory);
  }
}

/** All hashes of all entries in all ways, each different one once, with what each stands for. */
function expand(entries: readonly DeltaEntry[]): { hashes: Uint8Array; starts: Uint32Array; owners: Float64Array } {
  const numbers = new Map<string, number>();
  const different: Uint8Array[] = [];
  const hashOf: number[] = [];
  const ownerOf: number[] = [];
  const turned = Buffer.alloc(PDQ_BYTES);
  const add = (hash: Uint8Array, entry: number, flags: number): void => {
    const key = Buffer.from(hash.buffer, hash.byteOffset, PDQ_BYTES).toString('latin1');
    let number = numbers.get(key);
    if (number === undefined) {
      number = different.length;
      numbers.set(key, number);
      different.push(Uint8Array.from(hash));
    }
    hashOf.push(number);
    ownerOf.push(entry * 2 ** FLAG_BITS + flags);
  };
  for (const [number, { signals }] of entries.entries()) {
    for (const { type, value, active } of signals) {
      if (!active || (type !== 'pdq' && type !== 'vpdq')) continue;
      const frame = type === 'vpdq' ? FRAME : 0;
      const hash = frame === 0 ? value : vpdqHash(value);
      for (let way = 0; way < WAYS; way++) {
        turnedHash(hash, way, turned);
        add(turned, number, way | frame);
        add(Buffer.from(complement(turned)), number, way | NEGATIVE | frame);
      }
    }
  }
  const hashes = new Uint8Array(different.length * PDQ_BYTES);
  for (const [i, hash] of different.entries()) hashes.set(hash, i * PDQ_BYTES);
  const starts = new Uint32Array(different.length + 1);
  for (const hash of hashOf) starts[hash + 1]!++;
  for (let i = 0; i < different.length; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const owners = new Float64Array(hashOf.length);
  for (const [i, hash] of hashOf.entries()) owners[next[hash]!++] = ownerOf[i]!;
  return { hashes, starts, owners };
}

function exactTable(type: ExactTypeName, entries: readonly DeltaEntry[]): ExactTable | undefined {
  const values: Uint8Array[] = [];
  const rows: number[] = [];
  for (const [number, { signals }] of entries.entries()) {
    for (const signal of signals) {
      if (signal.type !== type || !signal.active) continue;
      values.push(signal.value);
      rows.push(number);
    }
  }
  if (values.length === 0) return undefined;
  const width = SIGNAL_WIDTHS[type];
  const list = {
    count: values.length,
    rows: Uint32Array.from(rows),
    copyInto: (index: number, target: Uint8Array, offset: number) => target.set(values[index]!, offset),
  };
  return ExactTable.build(width, list, new ArrayBuffer(ExactTable.bytesFor(width, values.length)));
}
