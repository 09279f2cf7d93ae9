import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSink, ByteSource } from '../src/index/byte-io.js';
import type { Entry } from '../src/index/entry.js';
import type { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { Segment } from '../src/index/segment.js';
import { SegmentBuilder } from '../src/index/segment-builder.js';
import type { BenchRow } from './harness.js';
import { numbers } from './hashes.js';

/** Small segments, as changes leave them until they are merged; the first ones fill the head's table, the last is scanned. */
export const HEAD = [1000, 1000, 1000, 500, 500];
/** Segments that merging made of earlier changes: their hashes are in the head's table. */
export const TIERS = [100_000, 20_000, 5000];
/** Entries that were withdrawn and are still in their segments. */
export const TOMBSTONES = 10_000;

/** PDQ entries, one object used again and again: random ones, or the given hashes one after the other. */
export class PdqMaker {
  readonly #entry: { id: string; grade: string; signals: [Entry['signals'][number]] };
  readonly #words: Uint32Array;
  readonly #next: () => number;
  readonly #hashes: Uint8Array | undefined;
  #made = 0;

  constructor(from: number | Uint8Array) {
    this.#hashes = typeof from === 'number' ? undefined : from;
    this.#next = numbers(typeof from === 'number' ? from : 1);
    const value = new Uint8Array(32);
    this.#words = new Uint32Array(value.buffer);
    this.#entry = { id: '', grade: 'A', signals: [{ type: 'pdq', value, active: true }] };
  }

  entry(): Entry {
    const [{ value }] = this.#entry.signals;
    if (this.#hashes === undefined) for (let i = 0; i < 8; i++) this.#words[i] = this.#next();
    else value.set(this.#hashes.subarray(this.#made * 32, this.#made * 32 + 32));
    this.#entry.id = `entry-${this.#made++}`;
    return this.#entry;
  }
}

/** Gives one entry after the other. */
export interface EntrySource {
  entry(): Entry;
}

/**
 * A segment of `entries` entries, written to a file and loaded from it as a service does, without the sealing.
 * @param rows gets what it took
 */
export async function buildSegment(
  pool: MemoryPool,
  id: string,
  maker: EntrySource,
  entries: number,
  rows?: BenchRow[],
): Promise<Segment> {
  const builder = new SegmentBuilder({ pool });
  const start = performance.now();
  for (let i = 0; i < entries; i++) builder.add(maker.entry());
  const added = performance.now();
  const file = await TemporaryFile.make();
  await builder.finish(file);
  const written = performance.now();
  const segment = await Segment.load(file, { id, list: 'list', pool });
  const loaded = performance.now();
  const label = `${entries.toLocaleString('en')} entries`;
  rows?.push(
    { what: `${label}: add`, value: (added - start) / 1000, unit: 's' },
    { what: `${label}: finish and write`, value: (written - added) / 1000, unit: 's' },
    { what: `${label}: load`, value: (loaded - written) / 1000, unit: 's' },
    { what: `${label}: memory`, value: segment.summary.residentBytes / entries, unit: 'bytes an entry' },
  );
  return segment;
}

export async function buildSegments(
  pool: MemoryPool,
  name: string,
  maker: PdqMaker,
  sizes: readonly number[],
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const [i, size] of sizes.entries()) segments.push(await buildSegment(pool, `${name} ${i}`, maker, size));
  return segments;
}

/** A file that is gone when it is closed. */
class TemporaryFile implements ByteSink, ByteSource {
  readonly #file: FileHandle;
  size = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async make(): Promise<TemporaryFile> {
    const path = join(tmpdir(), `vigie-bench-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new TemporaryFile(file);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, 0, bytes.length, this.size);
    this.size += bytes.length;
  }

  async readInto(offset: number, length: number, target: Uint8Array): Promise<void> {
    await this.#file.read(target, 0, length, offset);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
