import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VideoPrograms } from '../../src/media/video/programs.js';
import { photographLike } from '../pictures.js';

const MAKE_MS = 400_000;
const SCENE_SECONDS = 5;

/** A clip in a file. */
export interface Clip {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** The reference's hash of each frame with its number and quality, where they are known. */
  readonly reference?: readonly (readonly [frame: number, quality: number, hash: string])[];
}

/** Runs ffmpeg to make something. @throws Error when it cannot */
export function make({ ffmpeg }: VideoPrograms, words: readonly string[], input?: Uint8Array): void {
  const all = ['-v', 'error', '-y', ...words];
  const { status, stderr } = spawnSync(ffmpeg, all, { timeout: MAKE_MS, ...(input === undefined ? {} : { input }) });
  if (status !== 0) throw new Error(`ffmpeg could not make a clip: ${stderr.toString().slice(0, 300)}`);
}

/** Drawn scenes of five seconds over which a camera moves, with grain: H.264 with B-frames, as phones and sites make it. */
export function movingClip(
  programs: VideoPrograms,
  folder: string,
  { width, height, seconds, seed }: { width: number; height: number; seconds: number; seed: number },
): Clip {
  const name = `made, ${width} × ${height}`;
  const path = join(folder, `made-${width}x${height}-${seed}.mp4`);
  const scenes = Array.from({ length: Math.ceil(seconds / SCENE_SECONDS) }, (_, scene) =>
    photographLike(width, height, seed + scene),
  );
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', `1/${SCENE_SECONDS}`];
  const moving = 'fps=30,scroll=h=0.0012:v=0.0007,noise=alls=5:allf=t';
  const coded = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '150', '-crf', '24'];
  const rest = ['-pix_fmt', 'yuv420p', '-movflags', '+faststart', '-t', String(seconds), path];
  make(programs, [...raw, '-i', 'pipe:0', '-vf', moving, ...coded, ...rest], Buffer.concat(scenes));
  return { name, path, width, height, fps: 30 };
}

interface Vector {
  readonly file: string;
  readonly fps: number;
  readonly stream: { readonly width: number; readonly height: number };
  readonly hashes_every_frame: readonly (readonly [number, number, string, number])[];
}

/** The clips of the conformance set, with the reference's hashes; none where it does not lie beside the project. */
export function conformanceClips(): readonly Clip[] {
  const folder = ['../../../shared/conformance', '../../../../shared/conformance']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(join(path, 'vpdq.json')));
  if (folder === undefined) return [];
  const { videos } = JSON.parse(readFileSync(join(folder, 'vpdq.json'), 'utf8')) as { videos: readonly Vector[] };
  return videos.map(({ file, fps, stream, hashes_every_frame }) => ({
    name: file.replace(/^.*\/|\.[^.]*$/g, ''),
    path: join(folder, file),
    ...{ width: stream.width, height: stream.height, fps },
    reference: hashes_every_frame.map(([frame, quality, hash]) => [frame, quality, hash] as const),
  }));
}
