// Films the sample clips: a camera that glides over a drawn scene. Needs ffmpeg.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VideoPool } from '../dist/src/media/video/video-pool.js';

const FPS = 12;
const WIDTH = 320;
const HEIGHT = 240;
/** Nothing of the encoder's version or of the clock in the file, so that it is the same at every run. */
const PLAIN = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-threads', '1'];
const H264 = [...PLAIN, '-c:v', 'libx264', '-preset', 'veryslow', '-crf', '31', '-movflags', '+faststart'];
const VP9 = [...PLAIN, '-c:v', 'libvpx-vp9', '-b:v', '0', '-crf', '42'];

/** Runs ffmpeg on files. @returns the file that it made */
async function ffmpeg(inputs, ending, words) {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-clips-'));
  try {
    const paths = inputs.map((_, i) => join(folder, `in-${i}`));
    for (const [i, { bytes }] of inputs.entries()) await writeFile(paths[i], bytes);
    const out = join(folder, `out.${ending}`);
    const given = inputs.flatMap(({ before = [] }, i) => [...before, '-i', paths[i]]);
    const { status } = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', ...given, ...words, out], { stdio: 'inherit' });
    if (status !== 0) throw new Error('ffmpeg failed; is it installed?');
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A clip of a scene. @param scene a PNG, 960 × 640 */
export async function film(scene, seconds) {
  const path = `x='(iw-${WIDTH})*(0.5-0.5*cos(PI*t/${seconds}))':y='(ih-${HEIGHT})*(0.5+0.3*sin(t*0.5))'`;
  const filter = `scale=370:-2,crop=${WIDTH}:${HEIGHT}:${path},fps=${FPS},format=yuv420p`;
  const before = ['-f', 'png_pipe', '-loop', '1', '-framerate', String(FPS)];
  return await ffmpeg([{ bytes: scene, before }], 'mp4', ['-vf', filter, '-t', String(seconds), ...H264]);
}

/** A part of a clip, mirrored, smaller, in another codec and container. */
export async function edited(clip, from) {
  return await ffmpeg([{ bytes: clip }], 'webm', ['-ss', String(from), '-vf', 'hflip,scale=288:-2', ...VP9]);
}

/** A part of one clip in the middle of another. */
export async function inserted(clip, from, seconds, around, at) {
  const graph = [
    `[0:v]trim=${from}:${from + seconds},setpts=PTS-STARTPTS[part]`,
    `[1:v]split[a][b];[a]trim=0:${at},setpts=PTS-STARTPTS[before];[b]trim=${at},setpts=PTS-STARTPTS[after]`,
    '[before][part][after]concat=n=3:v=1',
  ];
  return await ffmpeg([{ bytes: clip }, { bytes: around }], 'mp4', ['-filter_complex', graph.join(';'), ...H264]);
}

/** One picture of a clip. */
export async function still(clip, at) {
  return await ffmpeg([{ bytes: clip }], 'jpg', ['-ss', String(at), '-frames:v', '1', ...PLAIN, '-q:v', '4']);
}

/** The frames of a clip as lists have them: a JSON array of `hash,quality,seconds`. */
export async function framesOf(clip) {
  const limits = { maxPixels: 1e7, maxBytes: 2 ** 24, memoryBytes: 2 ** 30, timeoutMs: 60_000, wallMs: 600_000 };
  const pool = new VideoPool({ processes: 1, queueLimit: 1, ...limits });
  try {
    const texts = [];
    const source = (async function* () {
      yield clip;
    })();
    for await (const { pdq, quality, seconds } of pool.hash(source, { mode: 'faithful' })) {
      texts.push(`${Buffer.from(pdq.subarray(0, 32)).toString('hex')},${quality},${seconds.toFixed(3)}`);
    }
    return JSON.stringify(texts);
  } finally {
    await pool.close();
  }
}
