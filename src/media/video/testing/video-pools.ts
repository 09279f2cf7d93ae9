import { createReadStream } from 'node:fs';
import { findVideoPrograms } from '../programs.js';
import { type VideoHashOptions, VideoPool, type VideoPoolOptions } from '../video-pool.js';
import type { VideoFrameSignals, VideoSummary } from '../video-signals.js';

export const programs = findVideoPrograms();
/** For the title of a suite that needs it. */
export const ffmpegNote = programs === undefined ? ' (skipped: ffmpeg is not installed)' : '';

export function videoPool(options: Partial<VideoPoolOptions> = {}): VideoPool {
  const limits = {
    maxPixels: 1.2e8,
    maxBytes: 2 ** 30,
    memoryBytes: 1.5 * 2 ** 30,
    timeoutMs: 40_000,
    wallMs: 600_000,
  };
  return new VideoPool({ processes: 1, queueLimit: 16, ...limits, ...options });
}

export interface Hashed {
  readonly frames: readonly VideoFrameSignals[];
  readonly summary: VideoSummary;
}

/** Hashes a video to its end. @param source a path, bytes, or what a pool takes */
export async function hashAll(
  pool: VideoPool,
  source: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: VideoHashOptions = { mode: 'fast' },
): Promise<Hashed> {
  const hashing = pool.hash(
    typeof source === 'string' ? createReadStream(source) : source instanceof Uint8Array ? inPieces(source) : source,
    options,
  );
  const frames: VideoFrameSignals[] = [];
  for await (const frame of hashing) frames.push(frame);
  return { frames, summary: await hashing.summary };
}

/** The frames of a video as lists have them: `hex,quality,seconds`, one a second. */
export async function vpdqOf(pool: VideoPool, bytes: Uint8Array): Promise<string[]> {
  const { frames } = await hashAll(pool, bytes, { mode: 'faithful' });
  return frames
    .filter(({ area }) => area === 'full')
    .map(({ pdq, quality, seconds }) => `${Buffer.from(pdq.subarray(0, 32)).toString('hex')},${quality},${seconds}`);
}

export async function* inPieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The code of what it throws. */
export async function codeOf(result: Promise<unknown>): Promise<string | undefined> {
  return await result.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );
}
