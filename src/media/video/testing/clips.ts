import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from './video-pools.js';

const MAKE_MS = 120_000;

/** What moves in the clips: generated pictures, with an even rate. */
export interface ClipOptions {
  readonly source?: string;
  readonly seconds?: number;
  readonly fps?: number;
  readonly size?: string;
}

/** Words for one generated stream of pictures. */
export function picturesOf({ source = 'testsrc2', seconds = 3, fps = 10, size = '160x120' }: ClipOptions = {}) {
  return ['-f', 'lavfi', '-t', String(seconds), '-i', `${source}=s=${size}:r=${fps}`] as const;
}

/** A tone, for clips that have sound. */
export function soundOf(seconds = 3) {
  return ['-f', 'lavfi', '-t', String(seconds), '-i', 'sine=frequency=440'] as const;
}

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'] as const;

/** How each container and codec is written: the ending of the name, and the words. */
export const WRITERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'mp4, H.264': ['mp4', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '10', '-pix_fmt', 'yuv420p'],
  'mp4, H.264, described first': ['mp4', ...X264, '-movflags', '+faststart'],
  'mp4, H.264, in fragments': ['mp4', ...X264, '-g', '5', '-movflags', 'frag_keyframe+empty_moov'],
  'mp4, H.265': ['mp4', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none'],
  'mp4, MPEG-4': ['mp4', '-c:v', 'mpeg4', '-q:v', '3'],
  'mp4, AV1': ['mp4', '-c:v', 'libsvtav1', '-preset', '12'],
  'mov, MJPEG': ['mov', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p'],
  '3gp, H.264': ['3gp', ...X264],
  'webm, VP8': ['webm', '-c:v', 'libvpx', '-deadline', 'realtime', '-b:v', '400k'],
  'webm, VP9': ['webm', '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k'],
  'webm, AV1': ['webm', '-c:v', 'libsvtav1', '-preset', '12'],
  'matroska, H.264': ['mkv', ...X264],
  'avi, MPEG-4': ['avi', '-c:v', 'mpeg4', '-q:v', '3'],
  'avi, MJPEG': ['avi', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p'],
  'mpegts, H.264': ['ts', ...X264, '-g', '10'],
  'mpegts, H.265': ['ts', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none'],
  'mpegps, MPEG-2': ['mpg', '-r', '25', '-c:v', 'mpeg2video', '-q:v', '3'],
  'flv, H.264': ['flv', ...X264],
  'ogg, Theora': ['ogv', '-c:v', 'libtheora', '-q:v', '8'],
  'asf, WMV': ['wmv', '-c:v', 'wmv2', '-q:v', '3'],
  'ivf, VP9': ['ivf', '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k'],
};

/**
 * A clip as ffmpeg writes it.
 * @param words inputs and how they are coded @param ending of its name, which tells the container
 * @param input what the input `pipe:0` reads
 */
export function makeClip(words: readonly string[], ending: string, input: Uint8Array = new Uint8Array()): Buffer {
  if (programs === undefined) throw new Error('ffmpeg is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'vigie-clip-'));
  try {
    const path = join(directory, `clip.${ending}`);
    const own = ['-v', 'error', '-y', ...words, path];
    const { status, stderr } = spawnSync(programs.ffmpeg, own, { input, timeout: MAKE_MS });
    if (status !== 0) throw new Error(`ffmpeg wrote no ${ending}: ${stderr.toString().slice(0, 300)}`);
    return readFileSync(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A clip of generated pictures. @param writer a key of `WRITERS` */
export function clipOf(writer = 'mp4, H.264', options: ClipOptions = {}): Buffer {
  const [ending, ...words] = WRITERS[writer] ?? [];
  if (ending === undefined) throw new Error(`no writer ${writer}`);
  return makeClip([...picturesOf(options), ...words], ending);
}

/** An MP4 that tells viewers to turn it clockwise: the matrix of its track, ISO/IEC 14496-12, 8.3.2. */
export function turned(mp4: Buffer, degrees: number): Buffer {
  const copy = Buffer.from(mp4);
  const at = copy.indexOf('tkhd') + 4 + 40;
  const [cos = 1, sin = 0] = { 0: [1, 0], 90: [0, 1], 180: [-1, 0], 270: [0, -1] }[degrees] ?? [];
  for (const [i, value] of [cos, sin, 0, -sin, cos].entries()) copy.writeInt32BE(value * 0x1_0000, at + i * 4);
  return copy;
}
