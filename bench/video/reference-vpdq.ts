import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { VideoPrograms } from '../../src/media/video/programs.js';
import type { Clip } from './clips.js';
import type { Effort } from './cpu.js';

const run = promisify(execFile);
const MAXIMUM_MS = 300_000;
const ONE_THREAD = ['-threads', '1', '-filter_threads', '1'];

export interface ReferenceRun extends Effort {
  readonly hashes: readonly string[];
}

/**
 * A stand-in for the vPDQ reference at a hash a second on one thread: every frame is decoded by the same ffmpeg, each
 * ⌊fps⌋-th one made RGB at its whole size (BT.601, mean of areas) and hashed by the reference's core in C++.
 * @param core the program of `buildReference`
 */
export async function referenceVpdq(clip: Clip, programs: VideoPrograms, core: string): Promise<ReferenceRun> {
  const { path, width, height, fps } = clip;
  const step = String.raw`select='not(mod(n\,${Math.max(1, Math.trunc(fps))}))'`;
  const filters = `${step},scale=flags=area:in_color_matrix=bt601,format=rgb24`;
  const input = ['-v', 'error', '-nostdin', ...ONE_THREAD, '-noautorotate', '-i', path, '-map', '0:v:0', '-an'];
  const decode = [programs.ffmpeg, ...input, '-fps_mode', 'passthrough', '-vf', filters, '-f', 'rawvideo', 'pipe:1'];
  // The shell tells at the end what those that it waited for have cost.
  const script = `core=$1; w=$2; h=$3; shift 3; "$@" | "$core" "$w" "$h" - ; times`;
  const start = performance.now();
  const { stdout } = await run('sh', ['-c', script, 'sh', core, String(width), String(height), ...decode], {
    timeout: MAXIMUM_MS,
    maxBuffer: 2 ** 24,
  });
  const ms = performance.now() - start;
  const lines = stdout.trim().split('\n');
  const children = lines.at(-1)?.match(/(\d+)m([\d.]+)s/g) ?? [];
  if (children.length !== 2) throw new Error('The shell did not say what the reference has cost.');
  const cpu = children.reduce((sum, text) => {
    const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
    return sum + Number(minutes) * 60 + Number(seconds);
  }, 0);
  return { cpu, ms, hashes: lines.slice(0, -2) };
}
