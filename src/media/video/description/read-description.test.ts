import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { conformance, conformanceNote } from '../../../../test/conformance.js';
import { sniff } from '../../sniff.js';
import { containerOf } from '../containers.js';
import type { VideoFacts } from '../frame-source.js';
import { probe } from '../probe.js';
import { clipOf, makeClip, picturesOf, soundOf, turned, WRITERS } from '../testing/clips.js';
import { ffmpegNote, hashAll, programs, videoPool } from '../testing/video-pools.js';
import { readDescription } from './read-description.js';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'] as const;
const folder = mkdtempSync(join(tmpdir(), 'vigie-description-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read of a file without the decoder, and what the decoder reads. */
async function bothWays(bytes: Buffer): Promise<{ readonly read: VideoFacts | undefined; readonly asked: unknown }> {
  const path = join(folder, 'clip');
  writeFileSync(path, bytes);
  const medium = openSync(path, 'r');
  try {
    const container = containerOf(sniff(bytes), bytes);
    if (container === undefined || programs === undefined) throw new Error('no decoder');
    const read = await readDescription(medium, bytes.length, container);
    const asked = await probe(medium, container, programs, AbortSignal.timeout(30_000)).catch(
      (error: unknown) => error,
    );
    return { read, asked };
  } finally {
    closeSync(medium);
  }
}

/** Both agree: a length to one frame, a rate to a thousandth. */
async function expectSame(bytes: Buffer): Promise<void> {
  const { read, asked } = await bothWays(bytes);
  if (read === undefined) throw new Error('nothing was read');
  const { fps, seconds, ...rest } = read;
  expect(asked).toMatchObject({ shown: { ...rest, confirmed: true }, others: [], more: false });
  const { shown } = asked as { shown: VideoFacts };
  expect(Math.abs(seconds - shown.seconds)).toBeLessThanOrEqual(1 / fps + 0.001);
  expect(Math.abs(fps / shown.fps - 1)).toBeLessThan(0.001);
}

/** Changes the one place where a text stands. */
function changed(clip: Buffer, text: string, change: (at: number, copy: Buffer) => void): Buffer {
  const copy = Buffer.from(clip);
  const at = copy.indexOf(text, 0, 'latin1');
  expect(at).toBeGreaterThan(0);
  change(at, copy);
  return copy;
}

describe.skipIf(programs === undefined)(`what a file says of itself${ffmpegNote}`, () => {
  const READ = [
    ...['mp4, H.264', 'mp4, H.264, described first', 'mp4, H.265', 'mp4, AV1', 'mov, MJPEG', '3gp, H.264'],
    ...['webm, VP8', 'webm, VP9', 'webm, AV1', 'matroska, H.264'],
  ];
  it.each(READ)('%s: read as the decoder reads it', { timeout: 120_000 }, async (writer) => {
    await expectSame(clipOf(writer));
    await expectSame(clipOf(writer, { fps: 30, seconds: 2, size: '176x144' }));
  });

  it.each(Object.keys(WRITERS).filter((name) => !READ.includes(name)))(
    '%s: left to the decoder',
    {
      timeout: 120_000,
    },
    async (writer) => {
      expect((await bothWays(clipOf(writer))).read).toBeUndefined();
    },
  );

  it.each([0, 90, 180, 270])('turned by %i degrees', async (degrees) => {
    await expectSame(turned(clipOf('mp4, H.264', { size: '160x96' }), degrees));
  });

  it('sound first, and a rate that varies', async () => {
    const varying = ['-vf', "select='lt(t,2)+not(mod(n,7))'", '-fps_mode', 'vfr'];
    const sound = [...soundOf(6), ...picturesOf({ seconds: 6 }), '-map', '0:a', '-map', '1:v', ...varying, ...H264];
    await expectSame(makeClip([...sound, '-c:a', 'aac'], 'mp4'));
  });

  it.each([
    ['two tracks of pictures', ['-map', '0:v', '-map', '1:v', ...H264], 'mp4'],
    ['two tracks of pictures', ['-map', '0:v', '-map', '1:v', ...H264], 'mkv'],
    [
      'a cover',
      [
        '-map',
        '0:v',
        '-map',
        '1:v',
        ...H264,
        '-c:v:1',
        'mjpeg',
        '-frames:v:1',
        '1',
        '-disposition:v:1',
        'attached_pic',
      ],
      'mp4',
    ],
    ['a beginning without fragments, and fragments', ['-map', '0:v', ...H264, '-movflags', 'frag_keyframe'], 'mp4'],
    ['a beginning behind an empty stretch', ['-map', '0:v', ...H264, '-output_ts_offset', '1.5'], 'mp4'],
  ])('%s: left to the decoder', async (_name, words, ending) => {
    const two = [...picturesOf({ seconds: 2 }), ...picturesOf({ source: 'testsrc', seconds: 2 })];
    expect((await bothWays(makeClip([...two, ...words], ending))).read).toBeUndefined();
  });

  it('a size that is a lie is not believed, nor is a video lost by it', async () => {
    await using pool = videoPool();
    const honest = clipOf('mp4, H.264', { size: '160x120' });
    const lying = changed(honest, 'avc1', (at, copy) => copy.writeUInt16BE(1_600, at + 4 + 24));
    // The brand comes first.
    const really = changed(honest, 'stsd', (at, copy) => copy.writeUInt16BE(1_600, copy.indexOf('avc1', at) + 4 + 24));
    expect((await bothWays(really)).read?.width).toBe(1_600);
    const [a, b, c] = [await hashAll(pool, honest), await hashAll(pool, really), await hashAll(pool, lying)];
    for (const each of [b, c]) {
      expect(each.summary).toMatchObject({ width: 160, height: 120, damaged: false, incomplete: null });
      expect(each.frames).toEqual(a.frames);
    }
  });

  it('bytes changed at random give a description that is sound, or none', async () => {
    let seed = 7;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (const writer of ['mp4, H.264, described first', 'webm, VP8']) {
      const clip = clipOf(writer, { seconds: 1 });
      const container = containerOf(sniff(clip), clip);
      if (container === undefined) throw new Error('no container');
      const path = join(folder, 'mutated');
      for (let round = 0; round < 500; round++) {
        const copy = Buffer.from(clip.subarray(0, 1 + next(Math.min(clip.length, 6_000))));
        for (let i = next(6); i >= 0; i--) copy[next(copy.length)] = next(256);
        writeFileSync(path, copy);
        const medium = openSync(path, 'r');
        const read = await readDescription(medium, copy.length, container).finally(() => closeSync(medium));
        if (read === undefined) continue;
        expect(read).toMatchObject({ confirmed: false, codec: expect.stringMatching(/^[a-z0-9]+$/) });
        for (const value of [read.width, read.height, read.fps, read.seconds]) expect(value).toBeGreaterThan(0);
        for (const value of [read.width, read.height, read.frames, read.stream])
          expect(value).toSatisfy(Number.isSafeInteger);
      }
    }
  });

  it.skipIf(conformance === undefined)(
    `the conformance clips are read as the decoder reads them${conformanceNote}`,
    async () => {
      for (const name of readdirSync(`${conformance}/videos`))
        await expectSame(readFileSync(`${conformance}/videos/${name}`));
    },
  );
});
