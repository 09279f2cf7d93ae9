// The arithmetic of PDQ, in WebAssembly SIMD. Two ways to the 64 × 64 luma block:
//
// - exact: the reference's own float32 operations in its own order (two box filters along rows and columns, as running
//   sums), so that even coefficients that differ only by rounding give the reference's bits. Rows stream through; four
//   rows are filtered side by side in the lanes of a vector, and the last two passes only make what is sampled.
// - sparse: the same filter written as weights of the pixels that reach a sample, for pictures that were scaled down.
//
// All buffers are laid out by the caller (pdq-hasher.ts), which passes their addresses.

// @ts-nocheck: AssemblyScript, compiled by scripts/build-kernels.mjs

const R: f32 = 0.299;
const G: f32 = 0.587;
const B: f32 = 0.114;

// ── luma ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Luma of four neighbouring pixels of interleaved RGB; reads 16 bytes. Left to right, each step rounded to float32. */
// @ts-ignore: decorator
@inline
function luma4(at: usize): v128 {
  const px = v128.load(at);
  const r = f32x4.convert_i32x4_u(i8x16.swizzle(px, i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1)));
  const g = f32x4.convert_i32x4_u(i8x16.swizzle(px, i8x16(1, -1, -1, -1, 4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1)));
  const b = f32x4.convert_i32x4_u(i8x16.swizzle(px, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)));
  return f32x4.add(
    f32x4.add(f32x4.mul(f32x4.splat(R), r), f32x4.mul(f32x4.splat(G), g)),
    f32x4.mul(f32x4.splat(B), b),
  );
}

// @ts-ignore: decorator
@inline
function grey4(at: usize): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at))));
}

/** One row of pixels to float32 luma. Reads up to 16 bytes past the row, writes up to 3 floats past it. */
function lumaRow(pixels: usize, channels: i32, width: i32, out: usize): void {
  if (channels == 3) {
    for (let x = 0; x < width; x += 4) v128.store(out + ((<usize>x) << 2), luma4(pixels + <usize>x * 3));
  } else {
    for (let x = 0; x < width; x += 4) v128.store(out + ((<usize>x) << 2), grey4(pixels + <usize>x));
  }
}

// ── four rows side by side ────────────────────────────────────────────────────────────────────────────────────────

/** Four rows of `width` floats to one row of four-lane vectors. `width` is rounded up to four. */
function interleave(a: usize, b: usize, c: usize, d: usize, width: i32, out: usize): void {
  for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
    const va = v128.load(a + x);
    const vb = v128.load(b + x);
    const vc = v128.load(c + x);
    const vd = v128.load(d + x);
    const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5);
    const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7);
    const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5);
    const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7);
    const o = out + (x << 2);
    v128.store(o, v128.shuffle<i64>(ab0, cd0, 0, 2));
    v128.store(o, v128.shuffle<i64>(ab0, cd0, 1, 3), 16);
    v128.store(o, v128.shuffle<i64>(ab1, cd1, 0, 2), 32);
    v128.store(o, v128.shuffle<i64>(ab1, cd1, 1, 3), 48);
  }
}

function deinterleave(from: usize, width: i32, a: usize, b: usize, c: usize, d: usize): void {
  for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
    const i = from + (x << 2);
    const p = v128.load(i);
    const q = v128.load(i, 16);
    const r = v128.load(i, 32);
    const s = v128.load(i, 48);
    const pq0 = v128.shuffle<i32>(p, q, 0, 4, 1, 5);
    const pq1 = v128.shuffle<i32>(p, q, 2, 6, 3, 7);
    const rs0 = v128.shuffle<i32>(r, s, 0, 4, 1, 5);
    const rs1 = v128.shuffle<i32>(r, s, 2, 6, 3, 7);
    v128.store(a + x, v128.shuffle<i64>(pq0, rs0, 0, 2));
    v128.store(b + x, v128.shuffle<i64>(pq0, rs0, 1, 3));
    v128.store(c + x, v128.shuffle<i64>(pq1, rs1, 0, 2));
    v128.store(d + x, v128.shuffle<i64>(pq1, rs1, 1, 3));
  }
}

/** The reference's box filter along a row, on four rows in lanes: add the entering sample, then subtract the leaving. */
function boxMeans(from: usize, to: usize, length: i32, window: i32): void {
  const half = (window + 2) / 2;
  let sum = f32x4.splat(0);
  let right = from;
  let left = from;
  let out = to;
  for (let i = 0; i < half - 1; i++) {
    sum = f32x4.add(sum, v128.load(right));
    right += 16;
  }
  let count = half - 1;
  for (let i = 0; i < window - half + 1; i++) {
    sum = f32x4.add(sum, v128.load(right));
    count++;
    v128.store(out, f32x4.div(sum, f32x4.splat(<f32>count)));
    right += 16;
    out += 16;
  }
  const full = f32x4.splat(<f32>count);
  for (let i = 0; i < length - window; i++) {
    sum = f32x4.sub(f32x4.add(sum, v128.load(right)), v128.load(left));
    v128.store(out, f32x4.div(sum, full));
    left += 16;
    right += 16;
    out += 16;
  }
  for (let i = 0; i < half - 1; i++) {
    sum = f32x4.sub(sum, v128.load(left));
    count--;
    v128.store(out, f32x4.div(sum, f32x4.splat(<f32>count)));
    left += 16;
    out += 16;
  }
}

/** The same without the division: only 64 of the sums are wanted. */
function boxSums(from: usize, to: usize, length: i32, window: i32): void {
  const half = (window + 2) / 2;
  let sum = f32x4.splat(0);
  let right = from;
  let left = from;
  let out = to;
  for (let i = 0; i < half - 1; i++) {
    sum = f32x4.add(sum, v128.load(right));
    right += 16;
  }
  for (let i = 0; i < window - half + 1; i++) {
    sum = f32x4.add(sum, v128.load(right));
    v128.store(out, sum);
    right += 16;
    out += 16;
  }
  for (let i = 0; i < length - window; i++) {
    sum = f32x4.sub(f32x4.add(sum, v128.load(right)), v128.load(left));
    v128.store(out, sum);
    left += 16;
    right += 16;
    out += 16;
  }
  for (let i = 0; i < half - 1; i++) {
    sum = f32x4.sub(sum, v128.load(left));
    v128.store(out, sum);
    left += 16;
    out += 16;
  }
}

/** How many samples are inside the window of output `o`. */
// @ts-ignore: decorator
@inline
function windowCount(o: i32, length: i32, window: i32): i32 {
  const half = (window + 2) / 2;
  if (o < window - half + 1) return o + half;
  const beyond = o - (length - half + 1);
  return beyond < 0 ? window : window - 1 - beyond;
}

// ── one row at a time down the columns ────────────────────────────────────────────────────────────────────────────

/**
 * Takes row `index` into the running sums of all columns and keeps it in the ring of the last `window` rows.
 * @returns 1 when an output row was written
 */
function columnStep(row: usize, index: i32, window: i32, width: i32, sums: usize, ring: usize, pitch: usize, out: usize): i32 {
  const half = (window + 2) / 2;
  const slot = ring + <usize>(index % window) * pitch;
  const bytes = (<usize>width) << 2;
  if (index >= window) {
    const full = f32x4.splat(<f32>window);
    for (let x: usize = 0; x < bytes; x += 16) {
      const entering = v128.load(row + x);
      const sum = f32x4.sub(f32x4.add(v128.load(sums + x), entering), v128.load(slot + x));
      v128.store(slot + x, entering);
      v128.store(sums + x, sum);
      v128.store(out + x, f32x4.div(sum, full));
    }
    return 1;
  }
  const count = f32x4.splat(<f32>(index + 1));
  for (let x: usize = 0; x < bytes; x += 16) {
    const entering = v128.load(row + x);
    const sum = index == 0 ? f32x4.add(f32x4.splat(0), entering) : f32x4.add(v128.load(sums + x), entering);
    v128.store(slot + x, entering);
    v128.store(sums + x, sum);
    v128.store(out + x, f32x4.div(sum, count));
  }
  return index >= half - 1 ? 1 : 0;
}

/** After the last row: output `beyond` (from 0) of the half - 1 rows whose window has run past the end. */
function columnEnd(beyond: i32, rows: i32, window: i32, width: i32, sums: usize, ring: usize, pitch: usize, out: usize): void {
  const slot = ring + <usize>((rows - window + beyond) % window) * pitch;
  const count = f32x4.splat(<f32>(window - 1 - beyond));
  for (let x: usize = 0; x < (<usize>width) << 2; x += 16) {
    const sum = f32x4.sub(v128.load(sums + x), v128.load(slot + x));
    v128.store(sums + x, sum);
    v128.store(out + x, f32x4.div(sum, count));
  }
}

// ── the exact path ────────────────────────────────────────────────────────────────────────────────────────────────

let width: i32 = 0;
let height: i32 = 0;
let channels: i32 = 0;
let windowX: i32 = 0;
let windowY: i32 = 0;
let pitch: usize = 0;
let lanesA: usize = 0;
let lanesB: usize = 0;
let four: usize = 0;
let ringWide: usize = 0;
let sumsWide: usize = 0;
let pending: usize = 0;
let ringNarrow: usize = 0;
let sumsNarrow: usize = 0;
let narrow: usize = 0;
let block: usize = 0;
let rowsIn: i32 = 0;
let rowsWide: i32 = 0;
let rowsNarrow: i32 = 0;
let rowsOut: i32 = 0;
let nextSample: i32 = 0;
let waiting: i32 = 0;

const PITCH_NARROW: usize = 64 * 4;

/** Bytes of working memory that the exact path takes for a picture. */
export function exactBytes(w: i32, h: i32): usize {
  const row = (<usize>((w + 3) & ~3)) << 2;
  const wy = <usize>((h + 127) / 128);
  return row * 4 * 2 + row * 4 + wy * row + row + row * 4 + wy * PITCH_NARROW + PITCH_NARROW + PITCH_NARROW * 4 + 64;
}

/** Begins a picture. `work` has `exactBytes`; `out` takes the 64 × 64 block. */
export function exactBegin(w: i32, h: i32, c: i32, work: usize, out: usize): void {
  width = w;
  height = h;
  channels = c;
  windowX = (w + 127) / 128;
  windowY = (h + 127) / 128;
  pitch = (<usize>((w + 3) & ~3)) << 2;
  let at = (work + 15) & ~15;
  lanesA = at;
  at += pitch * 4;
  lanesB = at;
  at += pitch * 4;
  four = at;
  at += pitch * 4;
  ringWide = at;
  at += <usize>windowY * pitch;
  sumsWide = at;
  at += pitch;
  pending = at;
  at += pitch * 4;
  ringNarrow = at;
  at += <usize>windowY * PITCH_NARROW;
  sumsNarrow = at;
  at += PITCH_NARROW;
  narrow = at;
  block = out;
  rowsIn = 0;
  rowsWide = 0;
  rowsNarrow = 0;
  rowsOut = 0;
  nextSample = 0;
  waiting = 0;
}

/** Takes up to four rows of pixels, `stride` bytes apart; reads up to 16 bytes past each. */
export function exactRows(pixels: usize, stride: usize, count: i32): void {
  for (let i = 0; i < 4; i++) {
    // Lanes without a row of their own repeat the last one; what they compute is not used.
    const row = i < count ? i : count - 1;
    lumaRow(pixels + <usize>row * stride, channels, width, four + <usize>i * pitch);
  }
  interleave(four, four + pitch, four + pitch * 2, four + pitch * 3, width, lanesA);
  boxMeans(lanesA, lanesB, width, windowX);
  deinterleave(lanesB, width, four, four + pitch, four + pitch * 2, four + pitch * 3);
  for (let i = 0; i < count; i++) {
    const made = columnStep(
      four + <usize>i * pitch, rowsIn++, windowY, width, sumsWide, ringWide, pitch, pending + <usize>waiting * pitch,
    );
    if (made) wideRowMade();
  }
}

/** Ends the picture: the block is complete. */
export function exactEnd(): void {
  const half = (windowY + 2) / 2;
  for (let i = 0; i < half - 1; i++) {
    columnEnd(i, height, windowY, width, sumsWide, ringWide, pitch, pending + <usize>waiting * pitch);
    wideRowMade();
  }
  if (waiting > 0) secondPass(waiting);
  for (let i = 0; i < half - 1; i++) {
    columnEnd(i, height, windowY, 64, sumsNarrow, ringNarrow, PITCH_NARROW, narrow);
    narrowRowMade(narrow);
  }
}

function wideRowMade(): void {
  rowsWide++;
  if (++waiting == 4) secondPass(4);
}

/** The second filter along rows, at the 64 sampled columns of `count` rows, and down the columns of those. */
function secondPass(count: i32): void {
  waiting = 0;
  const last = pending + <usize>(count - 1) * pitch;
  interleave(
    pending, count > 1 ? pending + pitch : last, count > 2 ? pending + pitch * 2 : last, count > 3 ? pending + pitch * 3 : last,
    width, lanesA,
  );
  boxSums(lanesA, lanesB, width, windowX);
  for (let j = 0; j < 64; j++) {
    const x = sampled(j, width);
    const mean = f32x4.div(v128.load(lanesB + ((<usize>x) << 4)), f32x4.splat(<f32>windowCount(x, width, windowX)));
    const at = narrow + ((<usize>j) << 2);
    f32.store(at, f32x4.extract_lane(mean, 0));
    f32.store(at + PITCH_NARROW, f32x4.extract_lane(mean, 1));
    f32.store(at + PITCH_NARROW * 2, f32x4.extract_lane(mean, 2));
    f32.store(at + PITCH_NARROW * 3, f32x4.extract_lane(mean, 3));
  }
  for (let i = 0; i < count; i++) {
    const row = narrow + <usize>i * PITCH_NARROW;
    // The output may stand where the input stood: each column is read before it is written.
    if (columnStep(row, rowsNarrow++, windowY, 64, sumsNarrow, ringNarrow, PITCH_NARROW, row)) narrowRowMade(row);
  }
}

function narrowRowMade(row: usize): void {
  while (nextSample < 64 && sampled(nextSample, height) == rowsOut) {
    memory.copy(block + <usize>nextSample * PITCH_NARROW, row, PITCH_NARROW);
    nextSample++;
  }
  rowsOut++;
}

/** floor((i + 0.5) * n / 64), exact in integers. */
// @ts-ignore: decorator
@inline
function sampled(i: i32, n: i32): i32 {
  return <i32>((<i64>(2 * i + 1) * <i64>n) / 128);
}

// ── the sparse path ───────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Adds one row of pixels to the rows of the block that it reaches.
 * @param uses pairs of (u32 row of the block, f32 weight)
 * @param rows 64 accumulated rows, `rowPitch` bytes apart
 */
export function sparseRow(pixels: usize, c: i32, w: i32, luma: usize, uses: usize, count: i32, rows: usize, rowPitch: usize): void {
  lumaRow(pixels, c, w, luma);
  for (let i = 0; i < count; i++) {
    const out = rows + <usize>load<u32>(uses + ((<usize>i) << 3)) * rowPitch;
    const weight = f32x4.splat(f32.load(uses + ((<usize>i) << 3), 4));
    for (let x: usize = 0; x < (<usize>w) << 2; x += 16) {
      v128.store(out + x, f32x4.add(v128.load(out + x), f32x4.mul(weight, v128.load(luma + x))));
    }
  }
}

/**
 * The columns of the block from the accumulated rows.
 * @param taps for each of 64 columns: u32 first pixel (a multiple of four), u32 number of vectors, u32 address of weights
 */
export function sparseColumns(rows: usize, rowPitch: usize, taps: usize, out: usize): void {
  for (let i: usize = 0; i < 64; i++) {
    const row = rows + i * rowPitch;
    for (let j: usize = 0; j < 64; j++) {
      const tap = taps + j * 12;
      let from = row + ((<usize>load<u32>(tap)) << 2);
      let vectors = load<u32>(tap, 4);
      let weights = <usize>load<u32>(tap, 8);
      let sum = f32x4.splat(0);
      while (vectors-- > 0) {
        sum = f32x4.add(sum, f32x4.mul(v128.load(from), v128.load(weights)));
        from += 16;
        weights += 16;
      }
      f32.store(
        out + ((i << 6) + j << 2),
        f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3),
      );
    }
  }
}

// ── from the block to the bits ────────────────────────────────────────────────────────────────────────────────────

/** Sum of the gradients of the 64 × 64 block, each truncated as the reference does it, to a quality of 0 to 100. */
export function quality(a: usize): i32 {
  let sum = 0;
  for (let i = 0; i < 63; i++) {
    for (let j = 0; j < 64; j++) sum += gradient(a, i * 64 + j, i * 64 + 64 + j);
  }
  for (let i = 0; i < 64; i++) {
    for (let j = 0; j < 63; j++) sum += gradient(a, i * 64 + j, i * 64 + j + 1);
  }
  const q = sum / 90;
  return q > 100 ? 100 : q;
}

// @ts-ignore: decorator
@inline
function gradient(a: usize, i: i32, j: i32): i32 {
  const u = f32.load(a + ((<usize>i) << 2));
  const v = f32.load(a + ((<usize>j) << 2));
  const d = <i32>(((u - v) * 100) / 255);
  return d < 0 ? -d : d;
}

/**
 * The 16 × 16 lowest frequencies without the constant one: D · A · Dᵀ, float32 sums over k in order.
 * @param d the matrix D, 16 × 64 · @param dt its transpose, 64 × 16 · @param t room for 16 × 64
 */
export function dct(a: usize, d: usize, dt: usize, t: usize, b: usize): void {
  for (let i: usize = 0; i < 16; i++) {
    for (let j: usize = 0; j < 256; j += 64) {
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      for (let k: usize = 0; k < 64; k++) {
        const f = v128.load32_splat(d + (i << 8) + (k << 2));
        const row = a + (k << 8) + j;
        s0 = f32x4.add(s0, f32x4.mul(f, v128.load(row)));
        s1 = f32x4.add(s1, f32x4.mul(f, v128.load(row, 16)));
        s2 = f32x4.add(s2, f32x4.mul(f, v128.load(row, 32)));
        s3 = f32x4.add(s3, f32x4.mul(f, v128.load(row, 48)));
      }
      const out = t + (i << 8) + j;
      v128.store(out, s0);
      v128.store(out, s1, 16);
      v128.store(out, s2, 32);
      v128.store(out, s3, 48);
    }
  }
  for (let i: usize = 0; i < 16; i++) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let k: usize = 0; k < 64; k++) {
      const f = v128.load32_splat(t + (i << 8) + (k << 2));
      const row = dt + (k << 6);
      s0 = f32x4.add(s0, f32x4.mul(f, v128.load(row)));
      s1 = f32x4.add(s1, f32x4.mul(f, v128.load(row, 16)));
      s2 = f32x4.add(s2, f32x4.mul(f, v128.load(row, 32)));
      s3 = f32x4.add(s3, f32x4.mul(f, v128.load(row, 48)));
    }
    const out = b + (i << 6);
    v128.store(out, s0);
    v128.store(out, s1, 16);
    v128.store(out, s2, 32);
    v128.store(out, s3, 48);
  }
}

/**
 * The eight dihedral hashes of a coefficient block, each with a lower median of its own.
 * @param room for 2 × 256 floats · @param out 8 × 32 bytes, as the hexadecimal forms read
 */
export function hashes(b: usize, room: usize, out: usize): void {
  const sorted = room + 1024;
  for (let variant = 0; variant < 8; variant++) {
    // original, rotate90, rotate180, rotate270, flipX, flipY, flipPlus1, flipMinus1
    const transpose = variant == 1 || variant == 3 || variant == 6 || variant == 7;
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < 16; j++) {
        // Where the coefficient stands in the block that is read; the sign rules speak of that place.
        const row = transpose ? j : i;
        const column = transpose ? i : j;
        let value = f32.load(b + ((<usize>(row * 16 + column)) << 2));
        let negate = false;
        if (variant == 2 || variant == 7) negate = ((row + column) & 1) == 1;
        else if (variant == 1 || variant == 5) negate = (column & 1) == 0;
        else if (variant == 3 || variant == 4) negate = (row & 1) == 0;
        if (negate) value = -value;
        f32.store(room + ((<usize>(i * 16 + j)) << 2), value);
      }
    }
    memory.copy(sorted, room, 1024);
    const median = select(sorted, 127);
    const hash = out + ((<usize>variant) << 5);
    for (let byte: usize = 0; byte < 32; byte++) {
      let bits = 0;
      // The text begins with bit 255: the last byte holds the lowest eight bits.
      const first = room + ((31 - byte) << 5);
      for (let k: usize = 0; k < 8; k++) if (f32.load(first + (k << 2)) > median) bits |= 1 << <i32>k;
      store<u8>(hash + byte, bits);
    }
  }
}

/** The value that would stand at `rank` of 256 floats if they were sorted (Hoare's quickselect; reorders them). */
function select(values: usize, rank: i32): f32 {
  let low = 0;
  let high = 255;
  while (low < high) {
    const pivot = f32.load(values + ((<usize>((low + high) >> 1)) << 2));
    let i = low;
    let j = high;
    while (i <= j) {
      while (f32.load(values + ((<usize>i) << 2)) < pivot) i++;
      while (f32.load(values + ((<usize>j) << 2)) > pivot) j--;
      if (i <= j) {
        const swap = f32.load(values + ((<usize>i) << 2));
        f32.store(values + ((<usize>i) << 2), f32.load(values + ((<usize>j) << 2)));
        f32.store(values + ((<usize>j) << 2), swap);
        i++;
        j--;
      }
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return f32.load(values + ((<usize>rank) << 2));
}
