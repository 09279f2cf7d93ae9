import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipOf, makeClip, picturesOf, soundOf } from './testing/clips.js';
import { codeOf, ffmpegNote, hashAll, programs, videoPool } from './testing/video-pools.js';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'] as const;

const REFUSED = ['media-format-unsupported', 'media-damaged', 'media-no-video', 'media-too-many-pixels'];

describe.skipIf(programs === undefined)(`bad video, in real decoder processes${ffmpegNote}`, () => {
  const pool = videoPool();
  let beside: string;
  let clip: Buffer;
  beforeAll(() => {
    beside = mkdtempSync(join(tmpdir(), 'vigie-beside-'));
    clip = clipOf('mp4, H.264, described first');
    // The decoder, which is another user, could read it.
    chmodSync(beside, 0o755);
    writeFileSync(join(beside, 'beside.mp4'), clip, { mode: 0o644 });
  });
  afterAll(async () => {
    rmSync(beside, { recursive: true, force: true });
    // Nothing here may have cost a process.
    expect(pool.restarts).toBe(0);
    await pool.close();
  });

  /** Texts that name another file, as they are and dressed up as video by the first bytes of one. */
  const naming = {
    ffconcat: (file: string) => `ffconcat version 1.0\nfile '${file}'\n`,
    m3u8: (file: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${file}\n#EXT-X-ENDLIST\n`,
    dash: (file: string) =>
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${file}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    sdp: (file: string) =>
      `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=x:${file}\n`,
  };
  const DRESSES = {
    nothing: Buffer.alloc(0),
    mp4: Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'),
    matroska: Buffer.from([0x1a, 0x45, 0xdf, 0xa3]),
    avi: Buffer.from('RIFF\0\0\0\0AVI ', 'latin1'),
    flv: Buffer.from('FLV\x01', 'latin1'),
    ogg: Buffer.from('OggS\0\x02\0\0\0\0\0\0\0\0*\x80theora\x03', 'latin1'),
    ivf: Buffer.from('DKIF', 'latin1'),
    asf: Buffer.from([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]),
  };

  it.each(Object.keys(naming) as (keyof typeof naming)[])(
    '%s opens nothing else',
    { timeout: 120_000 },
    async (kind) => {
      for (const path of [join(beside, 'beside.mp4'), `file:${join(beside, 'beside.mp4')}`]) {
        const text = Buffer.from(naming[kind](path));
        for (const [dress, bytes] of Object.entries(DRESSES)) {
          const medium = Buffer.concat([bytes, Buffer.from(dress === 'nothing' ? '' : '\n'), text]);
          const code = await codeOf(hashAll(pool, medium));
          expect(REFUSED, `${kind} as ${dress}`).toContain(code);
          if (dress === 'nothing') expect(code).toBe('media-format-unsupported');
        }
      }
    },
  );

  it('a reference inside an MP4 to a file beside it opens nothing', async () => {
    const mp4 = clipOf('mp4, H.264');
    const at = mp4.indexOf('url \0\0\0\x01', 0, 'latin1');
    expect(at).toBeGreaterThan(0);
    // The flag that says "in this file" is taken away; the chunks are said to lie elsewhere.
    mp4[at + 7] = 0;
    const code = await codeOf(hashAll(pool, mp4).then(({ summary }) => expect(summary.framesHashed).toBeLessThan(20)));
    expect(['media-damaged', 'no error']).toContain(code);
  });

  it.each([
    ['media-empty', () => Buffer.alloc(0)],
    ['media-no-video', () => makeClip([...soundOf(), '-c:a', 'aac'], 'mp4')],
    ['media-damaged', () => clip.subarray(0, 60)],
    ['media-damaged', () => Buffer.concat([clip.subarray(0, 40), Buffer.alloc(4_000, 7)])],
    ['media-format-unsupported', () => Buffer.from('.RMF\0\0\0\x12', 'latin1')],
    ['media-too-large', () => Buffer.concat([clip, Buffer.alloc(3_000_000)])],
  ])('%s', async (expected, make) => {
    expect(await codeOf(hashAll(pool, make(), { mode: 'fast', maxBytes: 2_000_000 }))).toBe(expected);
  });

  it('a video without frames is not one that was looked at', async () => {
    const none = makeClip([...picturesOf(), '-frames:v', '0', ...H264, '-movflags', 'empty_moov'], 'mp4');
    expect(['media-damaged', 'media-no-video']).toContain(await codeOf(hashAll(pool, none)));
  });

  it.each([
    ['mp4, H.264, described first', 0.6],
    ['webm, VP9', 0.6],
    ['mpegts, H.264', 0.6],
    ['avi, MPEG-4', 0.6],
    ['flv, H.264', 0.6],
  ])('cut short, %s is hashed as far as it goes, and says so', async (writer, share) => {
    const whole = clipOf(writer, { seconds: 12 });
    const { frames, summary } = await hashAll(pool, whole.subarray(0, Math.floor(whole.length * share)));
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.at(-1)?.seconds).toBeGreaterThan(3);
    // A transport stream, which can be joined and left anywhere, does not tell how long it should be.
    if (writer !== 'mpegts, H.264') expect(summary).toMatchObject({ damaged: true, incomplete: 'media-damaged' });
  });

  it.each([1, 240])('%i frames a second', async (fps) => {
    const { frames, summary } = await hashAll(pool, clipOf('mp4, H.264', { fps, seconds: 5 }));
    expect(summary).toMatchObject({ damaged: false, incomplete: null });
    const full = frames.filter(({ area }) => area === 'full');
    expect(full.length).toBeGreaterThanOrEqual(5);
    expect(full.length).toBeLessThanOrEqual(26);
  });

  it('a rate that varies: at least a frame a second, by the times of the container', async () => {
    const varying = ['-vf', "select='lt(t,2)+not(mod(n,17))'", '-fps_mode', 'vfr', ...H264];
    const { frames, summary } = await hashAll(
      pool,
      makeClip([...picturesOf({ seconds: 10, fps: 20 }), ...varying], 'mkv'),
    );
    expect(summary).toMatchObject({ damaged: false, incomplete: null });
    const times = frames.filter(({ area }) => area === 'full').map(({ seconds }) => seconds);
    for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeLessThanOrEqual(1.05);
    expect(times.at(-1)).toBeGreaterThan(8.5);
  });

  it('times that jump back and forth', async () => {
    const broken = makeClip([...picturesOf({ fps: 25, seconds: 6 }), ...H264, '-g', '25'], 'ts');
    // Two halves in the wrong order, each with its own clock.
    const middle = Math.floor(broken.length / 188 / 2) * 188;
    const swapped = Buffer.concat([broken.subarray(middle), broken.subarray(0, middle)]);
    const { frames } = await hashAll(pool, swapped);
    expect(frames.filter(({ area }) => area === 'full').length).toBeGreaterThan(15);
  });

  it('an edit list that begins later', async () => {
    const edited = makeClip(['-ss', '2', ...picturesOf({ seconds: 6 }), ...H264, '-output_ts_offset', '1.5'], 'mp4');
    const { frames, summary } = await hashAll(pool, edited);
    expect(summary).toMatchObject({ damaged: false, incomplete: null });
    expect(frames[0]?.seconds).toBeLessThan(2);
  });

  it('a video that is not stream 0, with a picture for a cover', async () => {
    const sound = [...soundOf(), ...picturesOf(), '-map', '0:a', '-map', '1:v', ...H264];
    const { frames, summary } = await hashAll(pool, makeClip(sound, 'mkv'));
    expect(summary).toMatchObject({ codec: 'h264', incomplete: null });
    expect(frames.length).toBeGreaterThan(10);
  });

  it('8K, or any more than the limit, is decoded or refused, never anything between', {
    timeout: 120_000,
  }, async () => {
    const large = clipOf('mp4, H.264', { size: '7680x4320', fps: 2, seconds: 2 });
    const { summary } = await hashAll(pool, large);
    expect(summary).toMatchObject({ width: 7_680, height: 4_320, incomplete: null });
    await using narrow = videoPool({ maxPixels: 1e7 });
    expect(await codeOf(hashAll(narrow, large))).toBe('media-too-many-pixels');
  });

  it.each(['161x121', '17x33', '6x400'])('odd sizes: %s', async (size) => {
    const words = [
      ...picturesOf({ source: 'testsrc', size }),
      '-c:v',
      'libvpx-vp9',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
    ];
    const { summary } = await hashAll(pool, makeClip(words, 'webm'));
    const [width, height] = size.split('x').map(Number);
    expect(summary).toMatchObject({ width, height, incomplete: null });
  });

  it('a size that changes in the middle', async () => {
    const one = makeClip([...picturesOf({ size: '320x240' }), ...H264], 'ts');
    const other = makeClip([...picturesOf({ size: '640x360' }), ...H264, '-output_ts_offset', '3'], 'ts');
    for (const mode of ['fast', 'faithful'] as const) {
      const { frames, summary } = await hashAll(pool, Buffer.concat([one, other]), { mode });
      expect(summary).toMatchObject({ width: 320, height: 240 });
      expect(frames.at(-1)?.seconds).toBeGreaterThan(3.5);
    }
  });

  it('ten hours of black come to an end, at a frame a second', { timeout: 300_000 }, async () => {
    const black = ['-f', 'lavfi', '-t', '36000', '-i', 'color=black:s=64x64:r=1', ...H264, '-g', '600'];
    const { frames, summary } = await hashAll(pool, makeClip(black, 'mp4'));
    expect(summary).toMatchObject({ seconds: 36_000, damaged: false, incomplete: null });
    const whole = frames.filter(({ pass }) => pass === 'whole');
    expect(whole.length).toBeGreaterThan(17_000);
    expect(whole.length).toBeLessThanOrEqual(36_100);
    expect(whole.at(-1)?.seconds).toBeGreaterThan(35_990);
  });

  it('a length that is a lie', async () => {
    const lying = clipOf('matroska, H.264');
    // Duration of the segment: an element of eight bytes, in milliseconds.
    lying.writeDoubleBE(1e8, lying.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3);
    const { summary } = await hashAll(pool, lying);
    expect(summary).toMatchObject({ seconds: 100_000, damaged: true, incomplete: 'media-damaged' });
    expect(summary.framesHashed).toBeGreaterThan(0);
  });

  it('huge metadata', async () => {
    const note = 'x'.repeat(60_000);
    const words = [
      ...picturesOf(),
      ...H264,
      '-metadata',
      `title=${note}`,
      '-metadata',
      `comment=${note}\nerror: corrupt`,
    ];
    const { summary } = await hashAll(pool, makeClip(words, 'mkv'));
    expect(summary).toMatchObject({ damaged: false, incomplete: null });
  });

  it('goes on with good ones', async () => {
    const { summary } = await hashAll(pool, clip);
    expect(summary).toMatchObject({ incomplete: null, damaged: false, stopped: false });
  });
});
