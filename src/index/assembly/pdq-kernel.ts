// Exact Hamming search among 256-bit hashes: multi-index hashing (Norouzi et al., CVPR 2012) over sixteen chunks of
// sixteen bits, filtered by the pigeonring principle (Qin & Xiao, VLDB 2018). pdq-layout.ts says what lies where.
//
// A threshold T is shared out: chunk i is granted g(i) bits so that the grants sum up to T + 1. If two hashes differ by at
// most T bits, then on the ring of chunks some i starts a chain all of whose beginnings differ by less than their grants:
//
// 1. d(i) < g(i): a look-up with up to g(i) − 1 flipped bits finds the bucket. A table of few hashes is keyed by fewer than
//    sixteen bits of the chunk, so that buckets keep about the same size; that only makes the condition weaker.
// 2. d(i) + d(i + 1) < g(i) + g(i + 1): the tag beside each posting, chunk i + 1 of its hash, tells.
// 3. The same with d(i + 2), of which eight bits stand above the 24 of the hash's number in the posting.
//
// A hash is reported by the first table in which it meets all three. What a look-up costs is waiting for memory, so it goes
// in phases, each of which asks for everything that the next one needs.
//
// There is no static data and no heap: many instances, one a thread, work on one shared memory.

/** Of the layout that this kernel reads: the same number as in pdq-layout.ts. */
export function layoutVersion(): u32 {
  return 2;
}

const HASH: usize = 32;
const PROBES: u32 = 1024;
const CANDIDATES: u32 = 1024;
/** Tags are read so many at a time; the last read goes beyond the end of its bucket. */
const STEP: u32 = 32;
/** A posting: the number of a hash, and above it bits of one of its chunks. */
const NUMBER: u32 = 0xffffff;

// Parts of a slot, the scratch space of one search.
const QUERY: usize = 0;
const BOUNDS: usize = 64;
const FOUND: usize = BOUNDS + <usize>PROBES * 8;

/** Where a search that ran out of room goes on. */
let nextTable: u32 = 0;
let nextProbe: u32 = 0;
let nextPosting: u32 = 0;
let stoppedProbe: u32 = 0;
let stoppedPosting: u32 = 0;
let touched: u64 = 0;
let scannedPostings: u32 = 0;
let seenCandidates: u32 = 0;
let verifiedRows: u32 = 0;

export function resumeTable(): u32 {
  return nextTable;
}
export function resumeProbe(): u32 {
  return nextProbe;
}
export function resumePosting(): u32 {
  return nextPosting;
}
/** Keeps the compiler from dropping loads whose only purpose is to bring memory near. */
export function touchSum(): u64 {
  return touched;
}
/** Postings of the buckets that the last search looked into. */
export function postingsScanned(): u32 {
  return scannedPostings;
}
/** Hashes that the last search compared in full. */
export function rowsCompared(): u32 {
  return verifiedRows;
}

// @ts-ignore: decorator
@inline
function distance(a: usize, b: usize): u32 {
  return <u32>(
    (popcnt<u64>(load<u64>(a) ^ load<u64>(b)) +
      popcnt<u64>(load<u64>(a, 8) ^ load<u64>(b, 8)) +
      (popcnt<u64>(load<u64>(a, 16) ^ load<u64>(b, 16)) + popcnt<u64>(load<u64>(a, 24) ^ load<u64>(b, 24))))
  );
}

/** Bits by which chunk `chunk` of two hashes differs, of those in `mask`. */
// @ts-ignore: decorator
@inline
function chunkDistance(row: usize, query: usize, chunk: u32, mask: u32): u32 {
  const at = <usize>(chunk & 15) << 1;
  return popcnt<u32>((<u32>load<u16>(row + at) ^ <u32>load<u16>(query + at)) & mask);
}

// @ts-ignore: decorator
@inline
function grant(table: u32, threshold: u32): u32 {
  return (threshold >> 4) + <u32>((table & 15) <= (threshold & 15));
}

/** How many masks of `bits` bits have fewer than `granted` bits set. */
// @ts-ignore: decorator
@inline
function probesFor(granted: u32, bits: u32): u32 {
  if (granted == 0) return 0;
  if (granted == 1) return 1;
  const pairs = (bits * (bits - 1)) >> 1;
  if (granted == 2) return 1 + bits;
  if (granted == 3) return 1 + bits + pairs;
  return 1 + bits + pairs + (pairs * (bits - 2)) / 3;
}

/** The next larger number with as many bits (Gosper's hack). */
// @ts-ignore: decorator
@inline
function nextMask(mask: u32): u32 {
  const low = mask & (0 - mask);
  const ripple = mask + low;
  return ripple | ((mask ^ ripple) >> (2 + ctz<u32>(low)));
}

// @ts-ignore: decorator
@inline
function dropBit(x: v128): v128 {
  return v128.and(x, v128.add<u16>(x, i16x8.splat(-1)));
}

/** Eight lanes that are zero where a tag differs by at most `limit` bits. */
// @ts-ignore: decorator
@inline
function far(at: usize, tag: v128, limit: u32): v128 {
  let x = v128.xor(v128.load(at), tag);
  if (limit > 0) x = dropBit(x);
  if (limit > 1) x = dropBit(x);
  if (limit > 2) x = dropBit(x);
  if (limit > 3) x = dropBit(x);
  if (limit > 4) x = dropBit(x);
  if (limit > 5) x = dropBit(x);
  if (limit > 6) x = dropBit(x);
  return x;
}

/** Sixteen lanes that are all ones where a tag is near; narrowing keeps what is not zero from becoming it. */
// @ts-ignore: decorator
@inline
function near(at: usize, tag: v128, limit: u32): v128 {
  return v128.eq<u8>(i8x16.narrow_i16x8_s(far(at, tag, limit), far(at + 16, tag, limit)), i8x16.splat(0));
}

/**
 * Collects the postings of some buckets whose tags are near.
 * @param note what is to be known of each: its table, and above 4 bits what the next two chunks may differ by
 * @returns how many candidates there are now; stoppedProbe is `end` unless room ran out
 */
// @ts-ignore: decorator
@inline
function scanBuckets(
  slot: usize,
  tags: usize,
  first: u32,
  end: u32,
  tag: v128,
  limit: u32,
  note: u32,
  candidates: u32,
): u32 {
  let found = candidates;
  for (let probe = first; probe < end; probe++) {
    const bounds = load<u64>(slot + (<usize>probe << 3), BOUNDS);
    const stop = <u32>(bounds >> 32);
    for (let p = <u32>bounds; p < stop; p += STEP) {
      if (found > CANDIDATES - STEP) {
        stoppedPosting = p;
        stoppedProbe = probe;
        return found;
      }
      const at = tags + (<usize>p << 1);
      const low = near(at, tag, limit);
      const high = near(at + 32, tag, limit);
      if (v128.any_true(v128.or(low, high))) {
        let mask = i8x16.bitmask(low) | (i8x16.bitmask(high) << 16);
        if (stop - p < STEP) mask &= (1 << (stop - p)) - 1;
        while (mask) {
          const candidate = slot + (<usize>found << 3);
          store<u32>(candidate, p + ctz<u32>(mask), FOUND);
          store<u32>(candidate, note, FOUND + 4);
          found++;
          mask &= mask - 1;
        }
      }
    }
  }
  stoppedProbe = end;
  return found;
}

function scanBuckets2(slot: usize, tags: usize, first: u32, end: u32, tag: v128, note: u32, found: u32): u32 {
  return scanBuckets(slot, tags, first, end, tag, 2, note, found);
}

function scanBuckets3(slot: usize, tags: usize, first: u32, end: u32, tag: v128, note: u32, found: u32): u32 {
  return scanBuckets(slot, tags, first, end, tag, 3, note, found);
}

function scanRun(
  slot: usize,
  tags: usize,
  first: u32,
  end: u32,
  tag: v128,
  limit: u32,
  note: u32,
  found: u32,
): u32 {
  if (limit == 2) return scanBuckets2(slot, tags, first, end, tag, note, found);
  if (limit == 3) return scanBuckets3(slot, tags, first, end, tag, note, found);
  if (limit == 4) return scanBuckets(slot, tags, first, end, tag, 4, note, found);
  if (limit == 1) return scanBuckets(slot, tags, first, end, tag, 1, note, found);
  if (limit == 5) return scanBuckets(slot, tags, first, end, tag, 5, note, found);
  if (limit == 0) return scanBuckets(slot, tags, first, end, tag, 0, note, found);
  if (limit == 6) return scanBuckets(slot, tags, first, end, tag, 6, note, found);
  return scanBuckets(slot, tags, first, end, tag, 7, note, found);
}

/** Whether `table` is the first one in which this hash meets the conditions. */
function isFirst(row: usize, slot: usize, table: u32, keyMask: u32, threshold: u32): bool {
  for (let t: u32 = 0; t < table; t++) {
    let sum = chunkDistance(row, slot + QUERY, t, keyMask);
    let granted = grant(t, threshold);
    if (sum >= granted) continue;
    sum += chunkDistance(row, slot + QUERY, t + 1, 0xffff);
    granted += grant(t + 1, threshold);
    if (sum >= granted) continue;
    sum += chunkDistance(row, slot + QUERY, t + 2, 0xff);
    if (sum < granted + grant(t + 2, threshold)) return false;
  }
  return true;
}

/** Drops the candidates whose third chunk is too far, and compares the others in full. @returns the new number of hits */
function verify(
  slot: usize,
  found: u32,
  hashes: usize,
  tags: usize,
  postings: usize,
  keyMask: u32,
  threshold: u32,
  out: usize,
  hits: u32,
): u32 {
  let sum: u64 = 0;
  for (let c: usize = 0; c < found; c++) {
    sum += load<u8>(postings + ((<usize>load<u32>(slot + (c << 3), FOUND)) << 2));
  }
  let kept: u32 = 0;
  for (let c: usize = 0; c < found; c++) {
    const p = <usize>load<u32>(slot + (c << 3), FOUND);
    const note = load<u32>(slot + (c << 3), FOUND + 4);
    const posting = load<u32>(postings + (p << 2));
    const apart =
      popcnt<u32>(<u32>load<u16>(tags + (p << 1)) ^ <u32>load<u16>(slot + (<usize>((note + 1) & 15) << 1), QUERY)) +
      popcnt<u32>((posting >> 24) ^ <u32>load<u8>(slot + (<usize>((note + 2) & 15) << 1), QUERY));
    const row = posting & NUMBER;
    // Without a branch, as nobody could guess it: what is dropped is written over.
    store<u32>(slot + (<usize>kept << 3), row, FOUND);
    store<u32>(slot + (<usize>kept << 3), note & 15, FOUND + 4);
    const near = <u32>(apart <= note >> 4);
    sum += load<u8>(select<usize>(hashes + <usize>row * HASH, hashes, near));
    kept += near;
  }
  touched += sum;
  seenCandidates += found;
  verifiedRows += kept;
  for (let c: usize = 0; c < kept; c++) {
    const row = load<u32>(slot + (c << 3), FOUND);
    const at = hashes + <usize>row * HASH;
    const d = distance(at, slot + QUERY);
    if (d <= threshold && isFirst(at, slot, load<u32>(slot + (c << 3), FOUND + 4), keyMask, threshold)) {
      store<u32>(out + (<usize>hits << 3), row);
      store<u32>(out + (<usize>hits << 3), d, 4);
      hits++;
    }
  }
  return hits;
}

/**
 * Searches by the tables. The threshold is at most 63.
 * @param keyBits how many bits of a chunk the tables are keyed by
 * @param capacity room for hits at `out`, at least twice CANDIDATES
 * @param mostPostings how many postings may be looked at before a scan of everything is cheaper
 * @param mostCandidates how many of them may pass their tags
 * @returns the number of hits, or -1 when there are more; when resumeTable() is below 16 there is more
 */
export function search(
  slot: usize,
  hashes: usize,
  starts: usize,
  tags: usize,
  postings: usize,
  keyBits: u32,
  threshold: u32,
  out: usize,
  capacity: u32,
  mostPostings: u32,
  mostCandidates: u32,
  firstTable: u32,
  firstProbe: u32,
  firstPosting: u32,
): i32 {
  const keys: u32 = 1 << keyBits;
  let hits: u32 = 0;
  let skip = firstProbe;
  let from = firstPosting;
  let table = firstTable;
  if (skip == 0 && from == 0 && table == 0) {
    scannedPostings = 0;
    seenCandidates = 0;
    verifiedRows = 0;
  }
  while (table < 16) {
    // First all bounds of a batch of tables, so that the waits for memory overlap.
    let probes: u32 = 0;
    let last = table;
    let total: u32 = 0;
    for (; last < 16; last++) {
      const granted = grant(last, threshold);
      if (probes + probesFor(granted, keyBits) > PROBES) break;
      if (granted == 0) continue;
      const key = <u32>load<u16>(slot + (<usize>last << 1), QUERY) & (keys - 1);
      const base = starts + ((<usize>last << keyBits) << 2);
      let bounds = load<u64>(base + (<usize>key << 2));
      store<u64>(slot + (<usize>probes << 3), bounds, BOUNDS);
      probes++;
      total += <u32>(bounds >> 32) - <u32>bounds;
      if (granted > 1) {
        for (let mask: u32 = 1; mask < keys; mask <<= 1) {
          bounds = load<u64>(base + (<usize>(key ^ mask) << 2));
          store<u64>(slot + (<usize>probes << 3), bounds, BOUNDS);
          probes++;
          total += <u32>(bounds >> 32) - <u32>bounds;
        }
      }
      for (let flips: u32 = 2; flips < granted; flips++) {
        for (let mask: u32 = (1 << flips) - 1; mask < keys; mask = nextMask(mask)) {
          bounds = load<u64>(base + (<usize>(key ^ mask) << 2));
          store<u64>(slot + (<usize>probes << 3), bounds, BOUNDS);
          probes++;
          total += <u32>(bounds >> 32) - <u32>bounds;
        }
      }
    }
    if (skip == 0 && from == 0) {
      scannedPostings += total;
      if (scannedPostings > mostPostings) return -1;
    }
    if (from != 0) store<u32>(slot + (<usize>skip << 3), from, BOUNDS);
    from = 0;
    // Then the first touch of each line of tags that will be read.
    let sum: u64 = 0;
    for (let probe = skip; probe < probes; probe++) {
      const bounds = load<u64>(slot + (<usize>probe << 3), BOUNDS);
      const stop = tags + (<usize>(<u32>(bounds >> 32)) << 1);
      let at = tags + (<usize>(<u32>bounds) << 1);
      sum += load<u8>(at) + load<u8>(at, 63);
      for (at += 128; at < stop; at += 64) sum += load<u8>(at);
    }
    touched += sum;
    // Then the tags themselves, and at the end the few hashes that are left.
    let found: u32 = 0;
    let probe: u32 = skip;
    let start: u32 = 0;
    for (let t = table; t < last; t++) {
      const granted = grant(t, threshold);
      if (granted == 0) continue;
      const tag = i16x8.splat(load<i16>(slot + (<usize>((t + 1) & 15) << 1), QUERY));
      const pair = granted + grant(t + 1, threshold) - 1;
      const three = pair + grant(t + 2, threshold);
      for (let flips: u32 = 0; flips < granted; flips++) {
        const end = start + probesFor(flips + 1, keyBits);
        while (probe < end) {
          found = scanRun(slot, tags, probe, end, tag, pair - flips, t | ((three - flips) << 4), found);
          probe = stoppedProbe;
          if (probe == end) break;
          hits = verify(slot, found, hashes, tags, postings, keys - 1, threshold, out, hits);
          found = 0;
          if (seenCandidates > mostCandidates) return -1;
          if (hits + CANDIDATES > capacity) {
            nextTable = table;
            nextProbe = probe;
            nextPosting = stoppedPosting;
            return hits;
          }
          store<u32>(slot + (<usize>probe << 3), stoppedPosting, BOUNDS);
        }
      }
      start += probesFor(granted, keyBits);
    }
    hits = verify(slot, found, hashes, tags, postings, keys - 1, threshold, out, hits);
    table = last;
    skip = 0;
    if (hits + CANDIDATES > capacity) break;
  }
  nextTable = table;
  nextProbe = 0;
  nextPosting = 0;
  return hits;
}

// @ts-ignore: decorator
@inline
function distanceSimd(row: usize, low: v128, high: v128): u32 {
  const bytes = v128.add<u8>(
    v128.popcnt<u8>(v128.xor(v128.load(row), low)),
    v128.popcnt<u8>(v128.xor(v128.load(row, 16), high)),
  );
  const words = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
  const halves = v128.add<u32>(words, v128.shuffle<u32>(words, words, 2, 3, 0, 1));
  return v128.extract_lane<u32>(halves, 0) + v128.extract_lane<u32>(halves, 1);
}

/** Compares all hashes from `first` on, in ascending order; nextPosting tells where it stopped for want of room. */
export function scan(
  query: usize,
  hashes: usize,
  first: u32,
  count: u32,
  threshold: u32,
  out: usize,
  capacity: u32,
): u32 {
  const low = v128.load(query);
  const high = v128.load(query, 16);
  let hits: u32 = 0;
  let i = first;
  for (; i < count && hits < capacity; i++) {
    const d = distanceSimd(hashes + <usize>i * HASH, low, high);
    if (d <= threshold) {
      store<u32>(out + (<usize>hits << 3), i);
      store<u32>(out + (<usize>hits << 3), d, 4);
      hits++;
    }
  }
  nextPosting = i;
  return hits;
}

/** The same by 64-bit words. */
export function scanWords(
  query: usize,
  hashes: usize,
  first: u32,
  count: u32,
  threshold: u32,
  out: usize,
  capacity: u32,
): u32 {
  let hits: u32 = 0;
  let i = first;
  const a = load<u64>(query);
  const b = load<u64>(query, 8);
  const c = load<u64>(query, 16);
  const e = load<u64>(query, 24);
  for (; i < count && hits < capacity; i++) {
    const at = hashes + <usize>i * HASH;
    const d = <u32>(
      (popcnt<u64>(load<u64>(at) ^ a) +
        popcnt<u64>(load<u64>(at, 8) ^ b) +
        (popcnt<u64>(load<u64>(at, 16) ^ c) + popcnt<u64>(load<u64>(at, 24) ^ e)))
    );
    if (d <= threshold) {
      store<u32>(out + (<usize>hits << 3), i);
      store<u32>(out + (<usize>hits << 3), d, 4);
      hits++;
    }
  }
  nextPosting = i;
  return hits;
}

/** Sorts the hashes into all tables: a counting sort a table. */
export function build(
  hashes: usize,
  starts: usize,
  tags: usize,
  postings: usize,
  count: u32,
  keyBits: u32,
): void {
  const keyMask: u32 = (1 << keyBits) - 1;
  const end = starts + ((<usize>16 << keyBits) << 2);
  memory.fill(starts, 0, end + 4 - starts);
  for (let i: usize = 0; i < count; i++) {
    const row = hashes + i * HASH;
    for (let t: usize = 0; t < 16; t++) {
      // One further: while the sort runs, each entry is the end of the bucket before it.
      const at = starts + ((t << keyBits) << 2) + (<usize>(<u32>load<u16>(row + (t << 1)) & keyMask) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
  let sum: u32 = 0;
  for (let at = starts; at <= end; at += 4) {
    const size = load<u32>(at);
    store<u32>(at, sum);
    sum += size;
  }
  for (let t: usize = 0; t < 16; t++) {
    const base = starts + ((t << keyBits) << 2);
    const own = t << 1;
    const one = ((t + 1) & 15) << 1;
    const two = ((t + 2) & 15) << 1;
    for (let i: usize = 0; i < count; i++) {
      const row = hashes + i * HASH;
      const at = base + (<usize>(<u32>load<u16>(row + own) & keyMask) << 2);
      const p = load<u32>(at);
      store<u32>(at, p + 1);
      store<u16>(tags + (<usize>p << 1), load<u16>(row + one));
      store<u32>(postings + (<usize>p << 2), <u32>i | (<u32>load<u8>(row + two) << 24));
    }
  }
  // Each entry has become the end of its bucket, which is where the next one begins.
  for (let at = end; at > starts; at -= 4) store<u32>(at, load<u32>(at - 4));
  store<u32>(starts, 0);
}
