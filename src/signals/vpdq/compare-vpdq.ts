import { VigieError } from '../../errors.js';
import { encodeHex } from '../text-decoding.js';
import { PDQ_BYTES, type VpdqFrame } from './vpdq-frame.js';

/**
 * How two videos are compared by their frames. `cpp`: as the C++ program, frames nearer than 31 match. `pytx`: as the
 * Python package, at 31 too, and of frames with equal hashes the first counts alone, whatever its quality.
 */
export type VpdqRule = 'cpp' | 'pytx';

export interface VpdqCompareOptions {
  readonly rule: VpdqRule;
  /** Differing bits, 31 unless told otherwise; `cpp` wants fewer, `pytx` at most so many. */
  readonly distance?: number;
  /** Frames of lower quality do not count; 50 unless told otherwise. */
  readonly quality?: number;
}

export interface VpdqComparison {
  /** Share of the query's frames that some frame of the other comes near, 0 to 100. */
  readonly queryPercent: number;
  /** The same of the other video's frames. */
  readonly comparedPercent: number;
  /** Frames that counted. */
  readonly queryFrames: number;
  readonly comparedFrames: number;
}

const WORDS = PDQ_BYTES / 4;

/**
 * Compares two videos as bags of frames, in any order, after the reference implementation of vPDQ
 * (https://github.com/facebook/ThreatExchange, `vpdq/`). Each pair is looked at once for both directions and left at
 * the first words that differ too much: two hours against two hours, at a frame a second, take about half a second.
 * @throws VigieError `signal-invalid` when by the rule `pytx` one has no frame of the quality; by `cpp` both shares are 0
 */
export function compareVpdq(
  query: readonly VpdqFrame[],
  compared: readonly VpdqFrame[],
  { rule, distance = 31, quality = 50 }: VpdqCompareOptions,
): VpdqComparison {
  const ours = kept(query, rule, quality);
  const theirs = kept(compared, rule, quality);
  const queryFrames = ours.length / WORDS;
  const comparedFrames = theirs.length / WORDS;
  if (queryFrames === 0 || comparedFrames === 0) {
    if (rule === 'pytx') throw new VigieError('signal-invalid', { detail: `vpdq: no frame of quality ${quality}` });
    return { queryPercent: 0, comparedPercent: 0, queryFrames, comparedFrames };
  }
  const most = rule === 'cpp' ? distance - 1 : distance;
  const foundOurs = new Uint8Array(queryFrames);
  const foundTheirs = new Uint8Array(comparedFrames);
  for (let i = 0; i < queryFrames; i++) {
    const at = i * WORDS;
    const first = ours[at] as number;
    const second = ours[at + 1] as number;
    for (let j = 0, other = 0; j < comparedFrames; j++, other += WORDS) {
      // Most pairs differ by more than is allowed in their first 64 bits already.
      const start = ones(first ^ (theirs[other] as number)) + ones(second ^ (theirs[other + 1] as number));
      if (start > most || (foundOurs[i] as number) & (foundTheirs[j] as number)) continue;
      if (!within(ours, at, theirs, other, start, most)) continue;
      foundOurs[i] = 1;
      foundTheirs[j] = 1;
    }
  }
  return {
    queryPercent: (100 * count(foundOurs)) / queryFrames,
    comparedPercent: (100 * count(foundTheirs)) / comparedFrames,
    queryFrames,
    comparedFrames,
  };
}

/** The hashes that count, one after another. */
function kept(frames: readonly VpdqFrame[], rule: VpdqRule, quality: number): Uint32Array {
  const bytes = new Uint8Array(frames.length * PDQ_BYTES);
  const seen = new Set<string>();
  let used = 0;
  for (const frame of frames) {
    if (rule === 'pytx') {
      const hex = encodeHex(frame.pdq);
      if (seen.has(hex)) continue;
      seen.add(hex);
    }
    if (frame.quality < quality) continue;
    bytes.set(frame.pdq, used);
    used += PDQ_BYTES;
  }
  return new Uint32Array(bytes.buffer, 0, used / 4);
}

/** @param start the distance of the first two words */
function within(a: Uint32Array, i: number, b: Uint32Array, j: number, start: number, most: number): boolean {
  let distance = start;
  for (let word = 2; word < WORDS && distance <= most; word++) {
    distance += ones((a[i + word] as number) ^ (b[j + word] as number));
  }
  return distance <= most;
}

/** How many of 32 bits are set. */
function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function count(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) sum += flag;
  return sum;
}
