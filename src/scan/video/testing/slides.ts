import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photographLike } from '../../../../bench/pictures.js';
import { programs } from '../../../media/video/testing/video-pools.js';

const WIDTH = 320;
const HEIGHT = 240;
const MAKE_MS = 60_000;

export interface SlidesOptions {
  /** Words for ffmpeg that change the pictures or how they are coded. */
  readonly words?: readonly string[];
  readonly ending?: string;
  /** Pictures a second; 1 unless told otherwise. */
  readonly perSecond?: number;
}

/**
 * A video in which one drawn picture follows the other, at ten frames a second.
 * @param seeds of the pictures, in their order
 */
export function slides(
  seeds: readonly number[],
  { words = [], ending = 'mkv', perSecond = 1 }: SlidesOptions = {},
): Buffer {
  if (programs === undefined) throw new Error('ffmpeg is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'vigie-slides-'));
  try {
    const path = join(directory, `slides.${ending}`);
    const pictures = Buffer.concat(seeds.map((seed) => photographLike(WIDTH, HEIGHT, seed)));
    const raw = [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      `${WIDTH}x${HEIGHT}`,
      '-r',
      String(perSecond),
      '-i',
      'pipe:0',
    ];
    const coded = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '10',
      '-pix_fmt',
      'yuv420p',
      '-vsync',
      'cfr',
      '-r',
      '10',
      '-bitexact',
    ];
    const all = ['-v', 'error', '-y', ...raw, ...coded, ...words, path];
    const { status, stderr } = spawnSync(programs.ffmpeg, all, { input: pictures, timeout: MAKE_MS });
    if (status !== 0) throw new Error(`ffmpeg wrote no ${ending}: ${stderr.toString().slice(0, 300)}`);
    return readFileSync(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
