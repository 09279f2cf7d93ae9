import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { entryPoint } from '../../runtime/entry-point.js';
import { findVideoPrograms } from './programs.js';
import { clipOf } from './testing/clips.js';
import { codeOf, ffmpegNote, hashAll, inPieces, programs, videoPool } from './testing/video-pools.js';
import type { VideoPool, VideoPoolOptions } from './video-pool.js';
import type { VideoFrameSignals } from './video-signals.js';

const MISBEHAVING = entryPoint(import.meta.url, './testing/misbehaving-video-worker.js');
const NOT_USED = { ffmpeg: '/none', ffprobe: '/none', guard: [] };
const fast = { mode: 'fast' } as const;
const atHand = { ...fast, atHand: true } as const;
const pools: VideoPool[] = [];

function poolOf(options: Partial<VideoPoolOptions> = {}): VideoPool {
  const pool = videoPool(options);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const order = (text: string) => Buffer.from(text);

/** Processes that a process has started. */
function childrenOf(pid: number | undefined): string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean);
}

async function until(true_: () => boolean, milliseconds: number): Promise<number> {
  const start = performance.now();
  while (!true_() && performance.now() - start < milliseconds) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now() - start;
}

describe('a video decoder that misbehaves', () => {
  const misbehaving = (options: Partial<VideoPoolOptions> = {}) =>
    poolOf({ entry: MISBEHAVING, programs: NOT_USED, ...options });

  it.each([
    ['says nothing', 'nothing', 'decoder-timeout'],
    ['dies', 'die', 'decoder-crashed'],
    ['does not keep to the protocol', 'babble', 'decoder-crashed'],
    ['sends fewer hashes than it says', 'start short', 'decoder-crashed'],
    ['answers twice', 'start twice', 'no error'],
    ['answers of another order', 'start other', 'decoder-crashed'],
    ['eats memory', 'start eat', 'decoder-memory'],
  ])('that %s is replaced', async (_name, words, expected) => {
    const pool = misbehaving({
      timeoutMs: expected === 'decoder-timeout' ? 1_000 : 20_000,
      memoryBytes: 300 * 2 ** 20,
    });
    expect(await codeOf(hashAll(pool, order(words)))).toBe(expected);
    expect((await hashAll(pool, order('start sample end'))).frames).toHaveLength(1);
    expect(pool.restarts).toBe(1);
  });

  it('that answers of a video when the next one has begun says nothing of that one, and is replaced after it', async () => {
    const pool = misbehaving();
    expect((await hashAll(pool, order('start sample late end'))).frames).toHaveLength(1);
    const [before] = pool.processes;
    const { frames, summary } = await hashAll(pool, order('start sample sample sample end'));
    expect(frames).toHaveLength(3);
    expect(summary).toMatchObject({ incomplete: null, stopped: false });
    expect((await hashAll(pool, order('start sample end'))).frames).toHaveLength(1);
    expect(pool.restarts).toBe(1);
    expect(pool.processes.map(({ pid }) => pid)).not.toContain(before?.pid);
  });

  it('that fails half way has given what it found, and that it did not come to the end', async () => {
    const { frames, summary } = await hashAll(misbehaving(), order('start sample sample die'));
    expect(frames).toHaveLength(2);
    expect(summary).toMatchObject({ incomplete: 'decoder-crashed', stopped: false, framesHashed: 2 });
  });

  it('that plays longer than the clock allows is ended, however it talks', async () => {
    const pool = misbehaving({ wallMs: 1_000 });
    const { summary } = await hashAll(pool, order('start sample'));
    expect(summary.incomplete).toBe('decoder-timeout');
  });

  it('takes no more videos than may wait', async () => {
    const pool = misbehaving({ queueLimit: 2 });
    const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(hashAll(pool, order('start sample end')))));
    expect(codes).toEqual(['no error', 'no error', 'decoder-busy', 'decoder-busy']);
  });
});

describe('without ffmpeg', () => {
  it('says so, and starts nothing', async () => {
    const pool = poolOf({ programs: null });
    await pool.start();
    expect(pool.available).toBe(false);
    expect(await codeOf(hashAll(pool, order('anything')))).toBe('video-decoder-missing');
    expect(pool.processes).toEqual([]);
    expect(findVideoPrograms('', [])).toBeUndefined();
  });
});

describe.skipIf(programs === undefined)(`the pool of video decoders${ffmpegNote}`, () => {
  it('gives frames while the video still arrives, and its end when that is there', { timeout: 120_000 }, async () => {
    const pool = poolOf();
    for (const writer of [
      'mp4, H.264, described first',
      'mp4, H.264, in fragments',
      'webm, VP8',
      'mpegts, H.264',
      'avi, MPEG-4',
      'flv, H.264',
    ]) {
      const bytes = clipOf(writer, { seconds: 20, size: '320x240' });
      let release = () => {};
      const seen = new Promise<void>((resolve) => {
        release = resolve;
      });
      const most = Math.floor(bytes.length * 0.7);
      const source = async function* () {
        yield* inPieces(bytes.subarray(0, most));
        // The rest comes only when the first frames are out: whoever waits for the end waits for ever.
        await seen;
        yield* inPieces(bytes.subarray(most));
      };
      const hashing = pool.hash(source(), { ...fast, signal: AbortSignal.timeout(30_000) });
      const frames: VideoFrameSignals[] = [];
      for await (const frame of hashing) {
        frames.push(frame);
        if (frames.length === 5) release();
      }
      expect(await hashing.summary, writer).toMatchObject({ damaged: false, incomplete: null });
      expect(frames.at(-1)?.seconds, writer).toBeGreaterThan(18);
    }
    expect(pool.restarts).toBe(0);
  });

  it('gives the key frames of a long video first', async () => {
    const { frames } = await hashAll(poolOf(), clipOf('mp4, H.264', { seconds: 60 }), atHand);
    const passes = frames.map(({ pass }) => pass);
    expect(passes[0]).toBe('keys');
    expect(passes.lastIndexOf('keys')).toBeLessThan(passes.indexOf('whole'));
    expect(frames.findLast(({ pass }) => pass === 'keys')?.seconds).toBeGreaterThan(50);
  });

  it('is held back by who takes frames slowly, and stops when nobody does', {
    timeout: 120_000,
  }, async () => {
    const pool = poolOf();
    const long = clipOf('mp4, H.264', { seconds: 600, size: '320x240' });
    const gone = new AbortController();
    const hashing = pool.hash(inPieces(long), { ...atHand, signal: gone.signal });
    const iterator = hashing[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) expect((await iterator.next()).done).toBe(false);
    const [{ pid } = { pid: undefined }] = pool.processes;
    // Nobody takes any: the decoder's own processor time comes to rest.
    const used = () =>
      childrenOf(pid)
        .map((child) => readFileSync(`/proc/${child}/stat`, 'utf8').split(' ').slice(13, 15).join())
        .join();
    let before = '';
    await until(() => {
      const now = used();
      const still = now === before;
      before = now;
      return still && now !== '';
    }, 20_000);
    const children = childrenOf(pid);
    expect(children.length).toBeGreaterThan(0);
    gone.abort(new Error('nobody waits'));
    await expect(iterator.next()).rejects.toThrow('nobody waits');
    await expect(hashing.summary).rejects.toThrow('nobody waits');
    await until(() => children.every((child) => !existsSync(`/proc/${child}`)), 30_000);
    expect(children.filter((child) => existsSync(`/proc/${child}`))).toEqual([]);
    expect((await hashAll(pool, clipOf())).summary.incomplete).toBeNull();
  });

  it('frees the decoder when the consumer has enough, and tells what was seen', async () => {
    const pool = poolOf();
    const hashing = pool.hash(inPieces(clipOf('mp4, H.264', { seconds: 120 })), atHand);
    let count = 0;
    for await (const _ of hashing) if (++count === 4) break;
    expect(await hashing.summary).toMatchObject({ stopped: true, framesHashed: 4, format: 'mp4', width: 160 });
    expect((await hashing.summary).ms['decode']).toBeGreaterThan(0);
    expect((await hashAll(pool, clipOf())).summary.stopped).toBe(false);
    expect(childrenOf(pool.processes[0]?.pid)).toEqual([]);
  });

  it('throws what the source throws', async () => {
    const broken = async function* () {
      yield clipOf().subarray(0, 5_000);
      throw new Error('the client went away');
    };
    await expect(hashAll(poolOf(), broken())).rejects.toThrow('the client went away');
  });

  it('leaves no ffmpeg behind a decoder that was killed', async () => {
    const pool = poolOf();
    const iterator = pool.hash(inPieces(clipOf('mp4, H.264', { seconds: 600 })), atHand)[Symbol.asyncIterator]();
    await iterator.next();
    const [{ pid } = { pid: undefined }] = pool.processes;
    const children = childrenOf(pid);
    expect(children.length).toBeGreaterThan(0);
    execFileSync('kill', ['-KILL', String(pid)]);
    await until(() => children.every((child) => !existsSync(`/proc/${child}`)), 30_000);
    expect(children.filter((child) => existsSync(`/proc/${child}`))).toEqual([]);
    while (!(await iterator.next()).done);
  });

  it('leaves nothing in the place of spools', async () => {
    const before = readdirSync('/dev/shm').filter((name) => name.startsWith('vigie-spool-'));
    await hashAll(poolOf(), clipOf());
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('vigie-spool-'))).toEqual(before);
  });
});
