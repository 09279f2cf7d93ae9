import type { Entry, EntrySignal } from '../src/index/entry.js';
import { MatchIndex } from '../src/index/match-index.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import type { KnownLists } from '../src/scan/known-lists.js';
import type { VideoFrame } from '../src/scan/video/video-frame.js';
import { VideoMatcher } from '../src/scan/video/video-matcher.js';
import { hammingDistance } from '../src/signals/pdq/hamming-distance.js';
import { type Bench, type BenchRow, interleave, median } from './harness.js';
import { HASH_SHAPES, type HashShape, makeHashes, numbers } from './hashes.js';
import { buildSegment } from './segments.js';

const FRAMES = 10_000_000;
/** Frames of a known video, one a second. */
const A_VIDEO = 120;
const QUERY_SECONDS = 600;
const SAMPLES_A_SECOND = 5;
const SCENE_SECONDS = 4;
/** Bits that change in a second: so much that no sample can be left out, which is the most that there is to look up. */
const MOVEMENT = 40;
/** Of a known video so many seconds stand in the middle of the query. */
const EMBEDDED = 30;
const NOISE = 8;

/**
 * What matching a video of ten minutes takes beside decoding it: every sampled frame is looked up among the frames of known
 * videos, turned ones now and then, and what is hit is read, compared and aligned. An unknown video is looked at to its end;
 * one that holds half a minute of a known one is found, and then looked at no further.
 */
export const videoLookupBench: Bench = async ({ entries = FRAMES, rounds = 9, progress }) => {
  const rows: BenchRow[] = [];
  const pool = new MemoryPool();
  for (const shape of HASH_SHAPES) rows.push(...(await measure(pool, shape, entries, rounds, progress)));
  return rows;
};

async function measure(
  pool: MemoryPool,
  shape: HashShape,
  frames: number,
  rounds: number,
  progress: ((text: string) => void) | undefined,
): Promise<BenchRow[]> {
  const videos = Math.max(1, Math.floor(frames / A_VIDEO));
  const count = videos * A_VIDEO;
  progress?.(
    `${shape}: making and indexing ${count.toLocaleString('en')} frames of ${videos.toLocaleString('en')} videos`,
  );
  const hashes = makeHashes(shape, count, 1);
  const segment = await buildSegment(pool, 'videos', new VideoMaker(hashes), videos);
  const index = new MatchIndex({ pool });
  index.apply({ add: [segment] });
  try {
    const unknown = query(shape);
    const known = embed(unknown, hashes.subarray(0, EMBEDDED * 32));
    const lists = listsOf(index);
    let lookups = 0;
    const cpu: number[] = [];
    let decidedAt = Number.NaN;
    const match = (video: readonly VideoFrame[], wanted: 'full' | undefined) => async (): Promise<number> => {
      const matcher = new VideoMatcher(lists, { pool, limit: 20, showFingerprints: false });
      const before = process.cpuUsage();
      for (const frame of video) {
        if (!(await matcher.add(frame))) continue;
        decidedAt = frame.seconds;
        break;
      }
      const { matches } = await matcher.finish();
      const { user, system } = process.cpuUsage(before);
      if (wanted === undefined) {
        lookups = matcher.lookups;
        cpu.push((user + system) / 1000);
      } else if (matches[0]?.extent !== wanted) throw new Error('The known stretch was not found.');
      return 1;
    };
    const work = { whole: match(unknown, undefined), early: match(known, 'full') };
    progress?.(`${shape}: measuring`);
    await interleave(1, work);
    const { whole, early } = await interleave(rounds, work);
    const what = (text: string): string => `${text}, ${count.toLocaleString('en')} ${shape} known frames`;
    return [
      { what: what('an unknown video of 10 minutes: look-ups and all'), value: whole, unit: 'ms' },
      { what: what('of it processor time'), value: median(cpu), unit: 'ms' },
      { what: what('sampled frames of it'), value: unknown.length, unit: 'frames' },
      { what: what('look-ups of it'), value: lookups, unit: 'look-ups' },
      {
        what: what('a look-up of it, its part of all other work included'),
        value: (whole * 1000) / lookups,
        unit: 'µs',
      },
      { what: what(`half a minute of a known video in it, from ${QUERY_SECONDS / 2} s on`), value: early, unit: 'ms' },
      { what: what('decided at'), value: decidedAt, unit: 's of the video' },
    ];
  } finally {
    index.apply({ remove: ['videos'] });
    await segment.close();
  }
}

/** Entries of frames, one object used again and again. */
class VideoMaker {
  readonly #hashes: Uint8Array;
  readonly #entry: { id: string; kind: string; signals: EntrySignal[] };
  #made = 0;

  constructor(hashes: Uint8Array) {
    this.#hashes = hashes;
    const signals = Array.from({ length: A_VIDEO }, (_, second): EntrySignal => {
      const value = new Uint8Array(36);
      new DataView(value.buffer).setUint32(32, second * 1000, true);
      return { type: 'vpdq', value, quality: 100, active: true };
    });
    this.#entry = { id: '', kind: 'video', signals };
  }

  entry(): Entry {
    const from = this.#made * A_VIDEO * 32;
    for (const [i, { value }] of this.#entry.signals.entries()) {
      value.set(this.#hashes.subarray(from + i * 32, from + i * 32 + 32));
    }
    this.#entry.id = `video-${this.#made++}`;
    return this.#entry;
  }
}

/** Scenes in which the picture moves, sampled as the decoder does. */
function query(shape: HashShape): readonly VideoFrame[] {
  const scenes = makeHashes(shape, QUERY_SECONDS / SCENE_SECONDS, 3);
  const next = numbers(4);
  const frames: VideoFrame[] = [];
  for (let scene = 0; scene < QUERY_SECONDS / SCENE_SECONDS; scene++) {
    const hash = scenes.slice(scene * 32, scene * 32 + 32);
    for (let i = 0; i < SCENE_SECONDS * SAMPLES_A_SECOND; i++) {
      if (i > 0) change(hash, MOVEMENT / SAMPLES_A_SECOND, next);
      frames.push(frame(frames.length, hash, next));
    }
  }
  return frames;
}

/** Puts known frames into the middle, five samples near each. */
function embed(frames: readonly VideoFrame[], known: Uint8Array): readonly VideoFrame[] {
  const next = numbers(5);
  const start = frames.length / 2;
  return frames.map((own, i) => {
    const second = Math.floor((i - start) / SAMPLES_A_SECOND);
    if (second < 0 || second >= EMBEDDED) return own;
    const hash = known.slice(second * 32, second * 32 + 32);
    change(hash, NOISE, next);
    if (hammingDistance(hash, known.subarray(second * 32, second * 32 + 32)) > NOISE) throw new Error('too much noise');
    return frame(i, hash, next);
  });
}

/** The turned hashes are unknown ones. */
function frame(number: number, hash: Uint8Array, next: () => number): VideoFrame {
  const words = new Uint32Array(64);
  for (let i = 0; i < 64; i++) words[i] = next();
  const pdq = new Uint8Array(words.buffer);
  pdq.set(hash);
  return { pass: 'whole', frame: number, seconds: number / SAMPLES_A_SECOND, area: 'full', quality: 100, pdq };
}

function change(hash: Uint8Array, bits: number, next: () => number): void {
  for (let i = 0; i < bits; i++) {
    const bit = next() & 255;
    hash[bit >> 3] = hash[bit >> 3]! ^ (1 << (bit & 7));
  }
}

function listsOf(index: MatchIndex): KnownLists {
  return {
    ...{ ready: true, incomplete: false, appliedSeq: 0 },
    lookup: (type, value, options) => index.lookup(type, value, options),
    describe: ({ list }) => ({ name: list, version: 1, sample: false }),
  };
}
