import { VigieError } from '../../errors.js';
import { wasmBytes } from '../wasm-bytes.js';
import { BLOCK, filterWeights, type SampleWeights } from './filter-weights.js';
import { wasmBase64 } from './kernel.generated.js';

/** Pixels of a picture: row-major, 8 bits, RGB or grey. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Bytes from row to row, `width × channels` if left out; so a part of a picture is hashed without being copied. */
  readonly stride?: number;
  /** The picture that these pixels were scaled down from; for fast mode only. */
  readonly source?: SourcePicture;
}

/** A picture before it was scaled down. */
export interface SourcePicture {
  readonly width: number;
  readonly height: number;
  /**
   * How many of its pixels one reduced pixel covers, across and down. A decoder that scales by 8 covers 8, although the
   * last pixel may lie partly outside. The quotient of the sizes if left out.
   */
  readonly factorX?: number;
  readonly factorY?: number;
}

export interface PdqResult {
  /** 0 to 100; below 50 the hash says nothing. */
  readonly quality: number;
  /** 8 × 32 bytes in the order of `DIHEDRAL_NAMES`, each as its hexadecimal form reads. */
  readonly hashes: Uint8Array;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  exactBytes(width: number, height: number): number;
  exactBegin(width: number, height: number, channels: number, work: number, out: number): void;
  exactRows(pixels: number, stride: number, count: number): void;
  exactEnd(): void;
  sparseRow(
    pixels: number,
    channels: number,
    width: number,
    luma: number,
    uses: number,
    count: number,
    rows: number,
    rowPitch: number,
  ): void;
  sparseColumns(rows: number, rowPitch: number, taps: number, out: number): void;
  quality(block: number): number;
  dct(block: number, d: number, dt: number, t: number, b: number): void;
  hashes(b: number, room: number, out: number): void;
}

const MINIMUM_SIDE = 5;
const FREQUENCIES = 16;
/** Rows are handed to the kernel in strips of about this size, so that a large picture is never copied whole. */
const STRIP_BYTES = 256 * 1024;
/** The kernel reads up to 16 bytes behind a row of pixels. */
const SLACK = 64;
const PLANS_KEPT = 64;

// Fixed places in the kernel's memory, after what the compiler puts at its beginning.
const BASE = 4096;
const AT_D = BASE;
const AT_DT = AT_D + FREQUENCIES * BLOCK * 4;
const AT_T = AT_DT + FREQUENCIES * BLOCK * 4;
const AT_B = AT_T + FREQUENCIES * BLOCK * 4;
const AT_ROOM = AT_B + FREQUENCIES * FREQUENCIES * 4;
const AT_HASHES = AT_ROOM + 2 * 1024;
const AT_BLOCK = AT_HASHES + 8 * 32;
const AT_HEAP = AT_BLOCK + BLOCK * BLOCK * 4;

/** For one size of picture: which rows of the block each row of pixels reaches, and the taps of the columns. */
interface Plan {
  /** Pairs of (u32 row, f32 weight), row of pixels after row of pixels. */
  readonly uses: Uint8Array;
  /** Offset in `uses` of each row of pixels, in pairs; one more than rows. */
  readonly starts: Uint32Array;
  readonly taps: Uint8Array;
  readonly weights: Float32Array;
}

/**
 * Computes PDQ hashes: 256 bits of a picture's low frequencies, a quality, and the hashes of the picture turned and
 * mirrored (https://github.com/facebook/ThreatExchange, `pdq/`). One instance works on one picture at a time.
 */
export class PdqHasher {
  readonly #kernel: Kernel;
  readonly #plans = new Map<string, Plan>();

  private constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#writeDctMatrix();
  }

  static async create(): Promise<PdqHasher> {
    const { instance } = await WebAssembly.instantiate(wasmBytes(wasmBase64), {});
    return new PdqHasher(instance.exports as unknown as Kernel);
  }

  /**
   * Hashes a picture.
   *
   * `faithful` gives the reference's bits for these pixels, always: float32 operations in its order. `fast` computes
   * the same filter as weights in another order and on pixels that may have been scaled down before; it is meant for
   * matching and stays within a few bits.
   * @throws VigieError `media-too-small` when a side is shorter than five pixels
   */
  hash(pixels: Pixels, mode: 'faithful' | 'fast'): PdqResult {
    const { width, height } = pixels;
    if (Math.min(width, height) < MINIMUM_SIDE) throw new VigieError('media-too-small');
    if (mode === 'fast') this.#blockSparse(pixels);
    else if (width === BLOCK && height === BLOCK) this.#blockCopied(pixels);
    else this.#blockExact(pixels);
    const kernel = this.#kernel;
    kernel.dct(AT_BLOCK, AT_D, AT_DT, AT_T, AT_B);
    kernel.hashes(AT_B, AT_ROOM, AT_HASHES);
    const hashes = new Uint8Array(kernel.memory.buffer, AT_HASHES, 8 * 32).slice();
    return { quality: kernel.quality(AT_BLOCK), hashes };
  }

  /**
   * The 16 × 16 coefficients of a picture of exactly 64 × 64 before they are made bits of, row after row: what TMK+PDQF
   * is made from.
   * @throws VigieError `media-too-small` for another size
   */
  coefficients(pixels: Pixels): Float32Array {
    if (pixels.width !== BLOCK || pixels.height !== BLOCK)
      throw new VigieError('media-too-small', { detail: '64 × 64' });
    this.#blockCopied(pixels);
    const kernel = this.#kernel;
    kernel.dct(AT_BLOCK, AT_D, AT_DT, AT_T, AT_B);
    return new Float32Array(kernel.memory.buffer, AT_B, FREQUENCIES * FREQUENCIES).slice();
  }

  /** What the last hash was made from: the 64 × 64 luma block and the 16 × 16 coefficients, row after row. */
  stages(): { readonly block: Float32Array; readonly coefficients: Float32Array } {
    const { buffer } = this.#kernel.memory;
    return {
      block: new Float32Array(buffer, AT_BLOCK, BLOCK * BLOCK).slice(),
      coefficients: new Float32Array(buffer, AT_B, FREQUENCIES * FREQUENCIES).slice(),
    };
  }

  #blockExact({ data, width, height, channels, stride = width * channels }: Pixels): void {
    const kernel = this.#kernel;
    const rowBytes = width * channels;
    const stripRows = Math.max(4, Math.floor(STRIP_BYTES / rowBytes) & ~3);
    const work = kernel.exactBytes(width, height);
    const strip = AT_HEAP + align(work);
    this.#reserve(strip + stripRows * rowBytes + SLACK);
    kernel.exactBegin(width, height, channels, AT_HEAP, AT_BLOCK);
    const memory = new Uint8Array(kernel.memory.buffer);
    for (let row = 0; row < height; row += stripRows) {
      const rows = Math.min(stripRows, height - row);
      copyRows(memory, strip, data, row, rows, rowBytes, stride);
      for (let i = 0; i < rows; i += 4) {
        kernel.exactRows(strip + i * rowBytes, rowBytes, Math.min(4, rows - i));
      }
    }
    kernel.exactEnd();
  }

  /** A picture of exactly 64 × 64 is not filtered, as in the reference. */
  #blockCopied({ data, channels, stride = BLOCK * channels }: Pixels): void {
    const block = new Float32Array(this.#kernel.memory.buffer, AT_BLOCK, BLOCK * BLOCK);
    const { fround } = Math;
    const red = fround(0.299);
    const green = fround(0.587);
    const blue = fround(0.114);
    for (let y = 0, i = 0; y < BLOCK; y++) {
      for (let at = y * stride, end = at + BLOCK * channels; at < end; at += channels) {
        const r = data[at] ?? 0;
        block[i++] =
          channels === 1
            ? r
            : fround(
                fround(fround(red * r) + fround(green * (data[at + 1] ?? 0))) + fround(blue * (data[at + 2] ?? 0)),
              );
      }
    }
  }

  #blockSparse({ data, width, height, channels, stride = width * channels, source }: Pixels): void {
    const kernel = this.#kernel;
    const plan = this.#plan(width, height, source ?? { width, height });
    const rowBytes = width * channels;
    const stripRows = Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
    const pitch = align((width + 8) * 4);
    const atRows = AT_HEAP;
    const atLuma = atRows + BLOCK * pitch;
    const atUses = atLuma + pitch;
    const atTaps = align(atUses + plan.uses.length);
    const atWeights = atTaps + align(plan.taps.length);
    const strip = atWeights + align(plan.weights.byteLength);
    this.#reserve(strip + stripRows * rowBytes + SLACK);
    const memory = new Uint8Array(kernel.memory.buffer);
    memory.fill(0, atRows, atUses);
    memory.set(plan.uses, atUses);
    memory.set(plan.taps, atTaps);
    new Float32Array(kernel.memory.buffer, atWeights, plan.weights.length).set(plan.weights);
    relocate(new Uint32Array(kernel.memory.buffer, atTaps, BLOCK * 3), atWeights);
    for (let row = 0; row < height; row += stripRows) {
      const rows = Math.min(stripRows, height - row);
      copyRows(memory, strip, data, row, rows, rowBytes, stride);
      for (let i = 0; i < rows; i++) {
        const start = plan.starts[row + i] ?? 0;
        const count = (plan.starts[row + i + 1] ?? 0) - start;
        // Rows that reach no sample are not even read.
        if (count === 0) continue;
        const pixels = strip + i * rowBytes;
        kernel.sparseRow(pixels, channels, width, atLuma, atUses + start * 8, count, atRows, pitch);
      }
    }
    kernel.sparseColumns(atRows, pitch, atTaps, AT_BLOCK);
  }

  #plan(width: number, height: number, source: SourcePicture): Plan {
    const { factorX = source.width / width, factorY = source.height / height } = source;
    const key = [width, height, source.width, source.height, factorX, factorY].join();
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const columns = filterWeights(source.width, width, factorX);
    const plan = makePlan(columns, filterWeights(source.height, height, factorY), height);
    this.#plans.set(key, plan);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > PLANS_KEPT && oldest !== undefined) this.#plans.delete(oldest);
    return plan;
  }

  #reserve(bytes: number): void {
    const { memory } = this.#kernel;
    const missing = bytes - memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      memory.grow(Math.ceil(missing / 65_536));
    } catch (cause) {
      throw new VigieError('decoder-memory', { detail: 'hashing', cause });
    }
  }

  /** D[i][j] = sqrt(2/64) · cos((π/128) · (i+1) · (2j+1)): frequencies 1 to 16, the constant one is not there. */
  #writeDctMatrix(): void {
    this.#reserve(AT_HEAP);
    const d = new Float32Array(this.#kernel.memory.buffer, AT_D, FREQUENCIES * BLOCK);
    const dt = new Float32Array(this.#kernel.memory.buffer, AT_DT, FREQUENCIES * BLOCK);
    const scale = Math.fround(Math.sqrt(2 / BLOCK));
    for (let i = 0; i < FREQUENCIES; i++) {
      for (let j = 0; j < BLOCK; j++) {
        const value = scale * Math.cos((Math.PI / 2 / BLOCK) * (i + 1) * (2 * j + 1));
        d[i * BLOCK + j] = value;
        dt[j * FREQUENCIES + i] = value;
      }
    }
  }
}

function makePlan(columns: readonly SampleWeights[], rows: readonly SampleWeights[], height: number): Plan {
  const counts = new Uint32Array(height + 1);
  for (const { start, weights } of rows) {
    for (let i = 0; i < weights.length; i++) counts[start + i + 1] = (counts[start + i + 1] ?? 0) + 1;
  }
  for (let y = 0; y < height; y++) counts[y + 1] = (counts[y + 1] ?? 0) + (counts[y] ?? 0);
  const starts = counts;
  const uses = new DataView(new ArrayBuffer((starts[height] ?? 0) * 8));
  const next = starts.slice();
  for (const [row, { start, weights }] of rows.entries()) {
    for (const [i, weight] of weights.entries()) {
      const at = (next[start + i] ?? 0) * 8;
      next[start + i] = (next[start + i] ?? 0) + 1;
      uses.setUint32(at, row, true);
      uses.setFloat32(at + 4, weight, true);
    }
  }
  const taps = new Uint32Array(BLOCK * 3);
  const padded: number[] = [];
  for (const [column, { start, weights }] of columns.entries()) {
    const first = start & ~3;
    const vectors = Math.ceil((start - first + weights.length) / 4);
    taps.set([first, vectors, padded.length * 4], column * 3);
    for (let i = 0; i < vectors * 4; i++) padded.push(weights[first + i - start] ?? 0);
  }
  return {
    uses: new Uint8Array(uses.buffer),
    starts,
    taps: new Uint8Array(taps.buffer),
    weights: Float32Array.from(padded),
  };
}

/** Turns the offsets of the taps' weights into addresses. */
function relocate(taps: Uint32Array, base: number): void {
  for (let j = 0; j < BLOCK; j++) taps[j * 3 + 2] = (taps[j * 3 + 2] ?? 0) + base;
}

function copyRows(
  memory: Uint8Array,
  at: number,
  data: Uint8Array,
  row: number,
  rows: number,
  rowBytes: number,
  stride: number,
): void {
  if (stride === rowBytes) {
    memory.set(data.subarray(row * stride, (row + rows) * stride), at);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const from = (row + i) * stride;
    memory.set(data.subarray(from, from + rowBytes), at + i * rowBytes);
  }
}

function align(bytes: number): number {
  return (bytes + 15) & ~15;
}
