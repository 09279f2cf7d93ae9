import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../../src/media/children-of.js';
import type { VideoPrograms } from '../../src/media/video/programs.js';
import type { VideoPool } from '../../src/media/video/video-pool.js';
import type { BenchRow } from '../harness.js';
import { make } from './clips.js';
import { effortOf } from './cpu.js';

const PIECE_SECONDS = 60;
const PIECES = 120;
const WATCH_MS = 20;
const GONE_MS = 5_000;

/** Two hours of film: what it takes, and how soon all is gone when the client is. */
export async function longFilm(pool: VideoPool, programs: VideoPrograms, folder: string): Promise<readonly BenchRow[]> {
  const path = filmOf(programs, folder);
  const pids = pool.processes.flatMap(({ pid }) => pid ?? []);
  let peak = 0;
  const watch = setInterval(() => {
    for (const { residentBytes } of pool.processes) peak = Math.max(peak, residentBytes);
  }, WATCH_MS);
  let [seconds, frames] = [0, 0];
  const { cpu, ms } = await effortOf(pids, async () => {
    const hashing = pool.hash(createReadStream(path), { mode: 'fast' });
    for await (const _ of hashing) frames++;
    ({ seconds } = await hashing.summary);
  }).finally(() => clearInterval(watch));
  const gone = await goneAfter(pool, path, pids);
  const what = (text: string) => `a film of ${(seconds / 3_600).toFixed(1)} h, 160 × 90: ${text}`;
  return [
    { what: what('by the clock'), value: ms / 1_000, unit: 's' },
    { what: what('in all'), value: cpu, unit: 'CPU s' },
    { what: what('frames hashed'), value: frames, unit: 'frames' },
    { what: what('most memory of decoder and ffmpeg'), value: peak / 2 ** 20, unit: 'MiB' },
    { what: what('ffmpeg gone after its client'), value: gone, unit: 'ms' },
  ];
}

function filmOf(programs: VideoPrograms, folder: string): string {
  const piece = join(folder, 'piece.mp4');
  const source = ['-f', 'lavfi', '-t', String(PIECE_SECONDS), '-i', 'testsrc2=s=160x90:r=10'];
  make(programs, [...source, '-c:v', 'libx264', '-preset', 'veryfast', '-g', '300', '-pix_fmt', 'yuv420p', piece]);
  const list = join(folder, 'pieces.txt');
  writeFileSync(list, `file '${piece}'\n`.repeat(PIECES));
  const film = join(folder, 'film.mp4');
  make(programs, ['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', '-movflags', '+faststart', film]);
  return film;
}

/** Milliseconds from the end of the client's interest to the end of all that was started for it. */
async function goneAfter(pool: VideoPool, path: string, pids: readonly number[]): Promise<number> {
  const client = new AbortController();
  const left = new Error('the client left');
  let at = Number.NaN;
  let frames = 0;
  try {
    for await (const _ of pool.hash(createReadStream(path), { mode: 'fast', signal: client.signal })) {
      if (++frames < 500) continue;
      if (pids.flatMap(childrenOf).length === 0) throw new Error('Nothing runs that could be stopped.');
      at = performance.now();
      client.abort(left);
    }
  } catch (error) {
    if (error !== left) throw error;
  }
  while (pids.flatMap(childrenOf).length > 0) {
    if (performance.now() - at > GONE_MS) throw new Error('ffmpeg is still there.');
    await sleep(5);
  }
  return performance.now() - at;
}
