import { createReadStream } from 'node:fs';
import type { VideoPrograms } from '../../src/media/video/programs.js';
import type { VideoHashOptions, VideoPool } from '../../src/media/video/video-pool.js';
import type { VideoFrameSignals, VideoSummary } from '../../src/media/video/video-signals.js';
import { hammingDistance } from '../../src/signals/pdq/hamming-distance.js';
import { type BenchRow, median } from '../harness.js';
import type { Clip } from './clips.js';
import { type Effort, effortOf } from './cpu.js';
import { referenceVpdq } from './reference-vpdq.js';

export interface Hashed {
  readonly frames: readonly VideoFrameSignals[];
  readonly summary: VideoSummary;
}

export async function hashClip(pool: VideoPool, path: string, options: VideoHashOptions): Promise<Hashed> {
  const hashing = pool.hash(createReadStream(path), options);
  const frames: VideoFrameSignals[] = [];
  for await (const frame of hashing) frames.push(frame);
  return { frames, summary: await hashing.summary };
}

/**
 * Seconds of video that are hashed in a second of processor time, all processes counted: the service, its decoder, every
 * ffmpeg and its start. Contenders run in turn, in interleaved rounds; a ratio is the median of each round's own.
 */
export async function speed(
  clip: Clip,
  rounds: number,
  { pool, programs, core }: { readonly pool: VideoPool; readonly programs: VideoPrograms; readonly core: string },
): Promise<readonly BenchRow[]> {
  const pids = pool.processes.flatMap(({ pid }) => pid ?? []);
  const reference: Effort[] = [];
  const faithful: Effort[] = [];
  const fast: Effort[] = [];
  let parts: VideoSummary['ms'] = {};
  let seconds = 0;
  let hashed = 0;
  for (let round = 0; round < rounds; round++) {
    const theirs = await referenceVpdq(clip, programs, core);
    reference.push(theirs);
    faithful.push(
      await effortOf(pids, async () => {
        const { frames, summary } = await hashClip(pool, clip.path, { mode: 'faithful' });
        seconds = summary.seconds;
        sameHashes(frames, theirs.hashes);
      }),
    );
    fast.push(
      await effortOf(pids, async () => {
        const { summary } = await hashClip(pool, clip.path, { mode: 'fast' });
        hashed = summary.framesHashed;
        parts = summary.ms;
      }),
    );
  }
  const ratio = (ours: readonly Effort[], by: keyof Effort) =>
    median(ours.map((each, i) => (reference[i]?.[by] ?? Number.NaN) / each[by]));
  const rate = (efforts: readonly Effort[]) => seconds / median(efforts.map(({ cpu }) => cpu));
  const unit = 's of video / CPU s';
  const against = 'stand-in of the reference, CPU time';
  const what = (text: string) => `${text}, ${clip.name}, ${seconds.toFixed(0)} s`;
  return [
    { what: what('reference vPDQ, a hash a second'), value: rate(reference), unit },
    { what: what('faithful, a hash a second'), value: rate(faithful), unit, ratio: ratio(faithful, 'cpu'), against },
    { what: what('fast, up to five a second'), value: rate(fast), unit, ratio: ratio(fast, 'cpu'), against },
    {
      what: what('fast, by the clock'),
      value: median(fast.map(({ ms }) => ms)),
      unit: 'ms',
      ratio: ratio(fast, 'ms'),
      against: 'the same, by the clock',
    },
    { what: what('frames hashed'), value: hashed, unit: 'frames' },
    ...Object.entries(parts).map(([part, value]) => ({ what: what(`of it ${part}`), value, unit: 'ms' })),
  ];
}

/** @throws Error when ours are not those of the stand-in */
function sameHashes(frames: readonly VideoFrameSignals[], hashes: readonly string[]): void {
  if (frames.length !== hashes.length) throw new Error(`${frames.length} frames, and not ${hashes.length}.`);
  for (const [i, { pdq }] of frames.entries()) {
    const distance = hammingDistance(pdq.subarray(0, 32), Buffer.from(hashes[i] ?? '', 'hex'));
    if (distance > 2) throw new Error(`Frame ${i} is ${distance} bits from the reference.`);
  }
}
