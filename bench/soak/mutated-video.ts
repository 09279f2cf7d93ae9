import { ERRORS, VigieError } from '../../src/errors.js';
import { clipOf, WRITERS } from '../../src/media/video/testing/clips.js';
import { inPieces } from '../../src/media/video/testing/video-pools.js';
import { VideoPool } from '../../src/media/video/video-pool.js';
import { mutated } from './mutate.js';
import type { SoakPart } from './part.js';

const MEMORY_BYTES = 600 * 2 ** 20;
const IN_FLIGHT = 3;
/** Of the number that is asked for: a video takes longer than a picture. */
const SHARE = 0.4;

/**
 * Damaged clips of every container and codec through real decoder processes, every other one as it arrives. Each must
 * be answered with frames or with a coded error of its own, within its time and its memory.
 */
export const mutatedVideo: SoakPart = async ({ count: asked, seed, progress }) => {
  const count = Math.ceil(asked * SHARE);
  const seeds = Object.keys(WRITERS).map((writer) => clipOf(writer, { size: '96x64', seconds: 2 }));
  const limits = { maxPixels: 2e7, maxBytes: 2 ** 28, memoryBytes: MEMORY_BYTES, timeoutMs: 20_000, wallMs: 60_000 };
  const pool = new VideoPool({ processes: 2, queueLimit: 16, ...limits });
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  let peak = 0;
  let next = 0;
  const watch = setInterval(() => {
    for (const { residentBytes } of pool.processes) peak = Math.max(peak, residentBytes);
  }, 20);
  const worker = async () => {
    while (next < count) {
      const number = next++;
      const outcome = await one(pool, mutated(seeds, seed + number), number);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome.startsWith('wrong')) failures.push(`video ${seed + number}: ${outcome}`);
      if (number % 50 === 49) progress(`mutated video: ${number + 1} of ${count}`);
    }
  };
  const start = performance.now();
  try {
    await pool.start();
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    const whole = await one(pool, seeds[0] ?? new Uint8Array(), 1);
    if (whole !== 'frames') failures.push(`a whole video at the end: ${whole}`);
  } finally {
    clearInterval(watch);
    await pool.close();
  }
  const seconds = (performance.now() - start) / 1_000;
  if (peak > MEMORY_BYTES * 1.25) failures.push(`a decoder held ${Math.round(peak / 2 ** 20)} MiB`);
  const sorted = [...outcomes].sort(([, a], [, b]) => b - a);
  return {
    rows: [
      { what: 'mutated video', value: `${count} from ${seeds.length} seeds, ${seconds.toFixed(0)} s` },
      ...sorted.map(([outcome, times]) => ({ what: `answered: ${outcome}`, value: String(times) })),
      { what: 'video decoders that were lost and replaced', value: String(pool.restarts) },
      { what: 'largest video decoder, ffmpeg included', value: `${Math.round(peak / 2 ** 20)} MiB` },
    ],
    failures,
  };
};

/** What became of a video, in a few words; `wrong` when it is nothing that may be. */
async function one(pool: VideoPool, bytes: Uint8Array, number: number): Promise<string> {
  try {
    const hashing = pool.hash(inPieces(bytes, number % 2 === 0 ? bytes.length : 4_096), { mode: 'fast' });
    let frames = 0;
    for await (const { pdq, quality, seconds } of hashing) {
      if (pdq.length !== 256 || quality < 0 || quality > 100 || !(seconds >= 0)) return 'wrong: a frame that is none';
      frames++;
    }
    const { incomplete, framesHashed, width, height } = await hashing.summary;
    if (frames === 0 || framesHashed === 0 || width === 0 || height === 0) return 'wrong: no frames and no error';
    return incomplete === null ? 'frames' : `frames, and ${incomplete}`;
  } catch (error) {
    if (error instanceof VigieError && ERRORS[error.code].status === 422) return error.code;
    return `wrong: ${error instanceof VigieError ? error.code : 'something else'} thrown`;
  }
}
