import { spawnSync } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { DEFAULTS } from '../config.js';
import { VigieError } from '../errors.js';
import { VIDEO_FORMATS } from '../media/video/containers.js';
import { findVideoPrograms, INSTALL_FFMPEG, type VideoPrograms } from '../media/video/programs.js';
import { SPOOL_PLACE } from '../media/video/spool.js';
import { VideoPool } from '../media/video/video-pool.js';
import type { Finding } from './finding.js';

const ASK_MS = 15_000;
const MEGABYTE = 2 ** 20;
/** What the usual platforms hand out; without one of them much of what is shared cannot be looked at. */
const CODECS = ['h264', 'hevc', 'vp8', 'vp9', 'av1', 'mpeg4', 'mjpeg'] as const;
/** AV1 by the library that Debian's ffmpeg has for it: the decoder of that name needs a graphics card. */
const DECODER_OF: Readonly<Record<string, string>> = { av1: 'libdav1d' };

/** Whether ffmpeg is there, which codecs it decodes, whether it runs in the sandbox, and whether its videos have room. */
export async function video(): Promise<readonly Finding[]> {
  const programs = findVideoPrograms();
  if (programs === undefined) {
    return [
      {
        what: 'decoders: video',
        state: 'limited',
        found: 'ffmpeg is not installed: videos are tried by their exact hashes, and are could-not-tell otherwise',
        remedy: INSTALL_FFMPEG,
      },
    ];
  }
  return [codecs(programs), await sandboxed(programs), await room()];
}

function ask({ ffmpeg }: VideoPrograms, ...words: string[]): string {
  return spawnSync(ffmpeg, ['-hide_banner', ...words], { timeout: ASK_MS, env: {}, encoding: 'utf8' }).stdout ?? '';
}

function codecs(programs: VideoPrograms): Finding {
  const version = /^ffmpeg version (\S{1,60})/.exec(ask(programs, '-version'))?.[1] ?? 'of unknown version';
  const decoders = new Set(
    ask(programs, '-decoders')
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[1]),
  );
  const missing = CODECS.filter((codec) => !decoders.has(DECODER_OF[codec] ?? codec));
  return {
    what: 'decoders: video',
    state: missing.length === 0 ? 'good' : 'limited',
    found: `ffmpeg ${version}${missing.length === 0 ? `: ${CODECS.join(', ')}` : `, without ${missing.join(', ')}`} in ${VIDEO_FORMATS.join(', ')}`,
    ...(missing.length === 0 ? {} : { remedy: `Install the ffmpeg of the distribution: ${INSTALL_FFMPEG}` }),
  };
}

/** A video of a few frames, written here, goes through a real decoder process. */
async function sandboxed(programs: VideoPrograms): Promise<Finding> {
  const what = 'decoders: video, in the sandbox';
  const words = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-t',
    '1',
    '-i',
    'testsrc2=s=64x64:r=4',
    '-c:v',
    'mpeg4',
    '-f',
    'matroska',
    'pipe:1',
  ];
  const { stdout } = spawnSync(programs.ffmpeg, words, { timeout: ASK_MS, env: {} });
  const { decoders } = DEFAULTS;
  const { maxPixels, timeoutMs, memoryBytes } = decoders;
  const limits = { maxPixels, timeoutMs, memoryBytes, maxBytes: MEGABYTE, wallMs: timeoutMs, queueLimit: 1 };
  const pool = new VideoPool({ processes: 1, programs, ...limits });
  try {
    const source = (async function* () {
      yield stdout;
    })();
    const hashing = pool.hash(source, { mode: 'fast', signal: AbortSignal.timeout(30_000) });
    for await (const _ of hashing);
    const { framesHashed, incomplete } = await hashing.summary;
    if (incomplete !== null) throw new VigieError(incomplete);
    return { what, state: 'good', found: `${framesHashed} frames of a test video hashed` };
  } catch (error) {
    return {
      what,
      state: 'bad',
      found: `not decoded: ${VigieError.from(error).code}`,
      remedy: VigieError.from(error).remedy,
    };
  } finally {
    await pool.close();
  }
}

/** Videos lie in memory while they are decoded. */
async function room(): Promise<Finding> {
  const what = `room for videos (${SPOOL_PLACE})`;
  const remedy = 'Give it at least 1 GB; in a container: --shm-size=2g.';
  const found = await statfs(SPOOL_PLACE).catch(() => undefined);
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  if (found === undefined) return { what, state: 'bad', found: 'is not there', remedy };
  const free = found.bsize * found.bavail;
  const inMemory = new RegExp(`^\\S+ ${SPOOL_PLACE} tmpfs `, 'm').test(mounts);
  const good = inMemory && free >= 1_000 * MEGABYTE;
  const text = `${(free / 1e9).toFixed(1)} GB free${inMemory ? '' : ', and it is not in memory'}`;
  return { what, state: good ? 'good' : 'limited', found: text, ...(good ? {} : { remedy }) };
}
