import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLike, photographLikeJpeg } from '../../bench/pictures.js';
import { DEFAULTS } from '../config.js';
import { VigieError } from '../errors.js';
import { type EphemeralLists, loadListFile } from '../lists/ephemeral.js';
import { MediaPool } from '../media/pool.js';
import { GuardedClient } from '../net/guarded-client.js';
import { PdqHasher } from '../signals/pdq/pdq-hasher.js';
import { lookUpSignals } from './look-up-signals.js';
import { Scanner } from './scanner.js';

const WIDTH = 640;
const HEIGHT = 480;

/** Real decoder processes, a list from a file, and pictures drawn here. */
describe('Scanner', () => {
  let folder: string;
  let lists: EphemeralLists;
  let pool: MediaPool;
  let scanner: Scanner;
  let listed: Buffer;
  const scannerWith = (options: Partial<ConstructorParameters<typeof Scanner>[0]> = {}): Scanner =>
    new Scanner({ lists, pool, maximumBytes: 8 * 2 ** 20, cacheBytes: 2 ** 20, ...options });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-scanner-'));
    listed = await photographLikeJpeg(WIDTH, HEIGHT, 1);
    const hasher = await PdqHasher.create();
    const pdq = (seed: number): string => {
      const pixels = { data: photographLike(WIDTH, HEIGHT, seed), width: WIDTH, height: HEIGHT, channels: 3 as const };
      return Buffer.from(hasher.hash(pixels, 'faithful').hashes.subarray(0, 32)).toString('hex');
    };
    const text = createHash('sha1').update('a text that is known').digest('hex');
    await writeFile(
      join(folder, 'known.csv'),
      `id,sha1,pdq,grade\nfirst,,${pdq(1)},A\nsecond,,${pdq(2)},B\ndocument,${text},,C\n`,
    );
    lists = await loadListFile(join(folder, 'known.csv'));
    pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
    scanner = scannerWith();
  });
  afterAll(async () => {
    await pool.close();
    await lists.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('tells a still of a known video from a known picture, with the time of its frame, and leaves it to people', async () => {
    const hasher = await PdqHasher.create();
    const hash = (seed: number): string => {
      const pixels = { data: photographLike(WIDTH, HEIGHT, seed), width: WIDTH, height: HEIGHT, channels: 3 as const };
      return Buffer.from(hasher.hash(pixels, 'faithful').hashes.subarray(0, 32)).toString('hex');
    };
    // Of the frame that is shown there is a poor one too, which must not be told.
    const frames = [
      `${hash(21)},90,0`,
      `${hash(22)},90,1.5`,
      `${hash(22)},49,2`,
      `${hash(23)},90,2.5`,
      `${hash(24)},90,3`,
    ];
    const video = { id: 'clip', grade: 'B', vpdq: frames };
    const both = { id: 'cover', pdq: hash(1), vpdq: [`${hash(1)},90,7`, `${hash(26)},90,8`] };
    await writeFile(join(folder, 'videos.jsonl'), [video, both].map((line) => JSON.stringify(line)).join('\n'));
    const videos = await loadListFile(join(folder, 'videos.jsonl'));
    try {
      const own = scannerWith({ lists: videos });
      const verdict = await own.scan(await photographLikeJpeg(WIDTH, HEIGHT, 22), { showFingerprints: true });
      expect(verdict).toMatchObject({ verdict: 'match', total: 1 });
      expect(verdict.matches[0]).toMatchObject({
        entry: 'clip',
        signal: 'vpdq',
        across: 'frame-of-video',
        extent: 'partial',
        video: {
          queryPercent: 100,
          knownPercent: 25,
          framesMatched: 1,
          ranges: [{ query: [0, 0], known: [1.5, 1.5] }],
        },
        fingerprint: { entry: hash(22) },
      });
      expect(verdict.matches[0]?.fingerprint?.query).toHaveLength(64);
      const cover = await own.scan(await photographLikeJpeg(WIDTH, HEIGHT, 1));
      expect(cover.matches).toMatchObject([{ entry: 'cover', signal: 'pdq', across: 'same-kind', extent: 'full' }]);
      expect(cover.matches[0]).not.toHaveProperty('video');
      const looked = await lookUpSignals(
        videos,
        [
          { type: 'pdq', value: hash(23) },
          { type: 'vpdq', value: `${hash(23)},80,44` },
          { type: 'vpdq', value: `${hash(1)}00000000` },
        ],
        { limit: 5, showFingerprints: false },
      );
      expect(looked.map(({ matches: [match] }) => [match?.entry, match?.signal, match?.across, match?.extent])).toEqual(
        [
          ['clip', 'vpdq', 'frame-of-video', 'partial'],
          ['clip', 'vpdq', 'same-kind', 'partial'],
          ['cover', 'pdq', 'picture-in-video', 'partial'],
        ],
      );
    } finally {
      await videos.close();
    }
  });

  it('finds a listed picture, with everything that led to it', async () => {
    const verdict = await scanner.scan(listed);
    expect(verdict).toMatchObject({
      verdict: 'match',
      reason: null,
      kind: 'image',
      format: 'jpeg',
      width: WIDTH,
      height: HEIGHT,
      matches: [{ list: 'known', version: 1, entry: 'first', grade: 'A', signal: 'pdq', view: 'as-is', frame: 0 }],
      total: 1,
      truncated: false,
    });
    expect(verdict.matches[0]?.distance).toBeLessThanOrEqual(10);
    expect(verdict.matches[0]).not.toHaveProperty('fingerprint');
    expect(Object.keys(verdict.ms)).toEqual(expect.arrayContaining(['read', 'decode', 'hash', 'lookup', 'total']));
  });

  const edit = (change: (image: Sharp) => Sharp) => async () => await change(sharp(listed)).toBuffer();
  it.each([
    ['a small copy, saved again', 'as-is', edit((image) => image.resize(200).jpeg({ quality: 50 }))],
    ['a mirrored copy', 'flipY', edit((image) => image.flop().webp())],
    ['a copy upside down', 'flipX', edit((image) => image.flip().png())],
    ['a copy turned by a half', 'rotate180', edit((image) => image.rotate(180).png())],
    ['a negative', 'negative', edit((image) => image.negate().png())],
    [
      'a copy in a border',
      'trimmed',
      edit((image) => image.extend({ top: 90, bottom: 90, left: 20, right: 20, background: '#000' }).png()),
    ],
  ])('finds %s as %s', async (_what, view, make) => {
    const { verdict, matches } = await scanner.scan(await make());
    expect(verdict).toBe('match');
    expect(matches[0]).toMatchObject({ entry: 'first', view });
  });

  it('finds a document by its exact hash, whatever it is', async () => {
    const { verdict, matches, kind } = await scanner.scan(Buffer.from('a text that is known'));
    expect({ verdict, kind }).toEqual({ verdict: 'match', kind: 'other' });
    expect(matches[0]).toMatchObject({ entry: 'document', signal: 'sha1', distance: 0, quality: null });
  });

  it.each([
    ['nothing-known', async () => await photographLikeJpeg(WIDTH, HEIGHT, 3)],
    ['kind-not-covered', async () => Buffer.from('a text that nobody knows')],
    [
      'low-quality',
      async () =>
        await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
          .png()
          .toBuffer(),
    ],
    [
      'low-quality',
      async () =>
        await sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
          .png()
          .toBuffer(),
    ],
  ])('says no-match: %s', async (reason, make) => {
    expect(await scanner.scan(await make())).toMatchObject({ verdict: 'no-match', reason, matches: [] });
  });

  it.each([
    ['media-empty', async () => Buffer.alloc(0)],
    ['media-damaged', async () => (await photographLikeJpeg(WIDTH, HEIGHT, 98)).subarray(0, 9_000)],
    ['media-damaged', async () => Buffer.concat([listed.subarray(0, 20), Buffer.from('not a picture any more')])],
    ['video-decoder-missing', async () => Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')],
  ])('says could-not-tell: %s', async (reason, make) => {
    expect(await scanner.scan(await make())).toMatchObject({ verdict: 'could-not-tell', reason, matches: [] });
  });

  it('never says no-match while a list is not loaded, and still finds what it can', async () => {
    const partly = scannerWith({
      lists: {
        ready: true,
        incomplete: true,
        appliedSeq: 0,
        lookup: (...query) => lists.lookup(...query),
        describe: (segment) => lists.describe(segment),
      },
    });
    expect(await partly.scan(Buffer.from('unknown'))).toMatchObject({ reason: 'index-incomplete' });
    expect(await partly.scan(listed)).toMatchObject({ verdict: 'match' });
    const without = scannerWith({ lists: { ...partly, ready: false } as never });
    await expect(without.scan(listed)).rejects.toMatchObject({ code: 'index-not-loaded', status: 503 });
  });

  it('looks everything up again when a list is replaced under it', async () => {
    let replaced = 0;
    const moving = scannerWith({
      lists: {
        ready: true,
        incomplete: false,
        appliedSeq: 7,
        lookup: (...query) => lists.lookup(...query),
        describe: (segment) => {
          if (replaced++ < 2) throw new VigieError('segment-closed');
          return lists.describe(segment);
        },
      },
    });
    expect(await moving.scan(listed)).toMatchObject({ verdict: 'match', appliedSeq: 7 });
  });

  it('remembers signals by hash and by file id, and never verdicts', async () => {
    const remembering = scannerWith();
    const first = await remembering.scan(listed, { fileId: 'file-1' });
    expect(first.ms).toHaveProperty('decode');
    const second = await remembering.scan(Buffer.from(listed));
    expect(second.ms).not.toHaveProperty('decode');
    async function* unread(): AsyncGenerator<Uint8Array> {
      yield await Promise.reject(new Error('the bytes of a known file are not needed'));
    }
    const third = await remembering.scan(unread(), { fileId: 'file-1' });
    expect(third).toMatchObject({ verdict: 'match', matches: first.matches });
    const [{ segment, row } = { segment: undefined, row: 0 }] = lists.lookup(
      'sha1',
      createHash('sha1').update('a text that is known').digest(),
    ).hits;
    await remembering.scan(Buffer.from('a text that is known'), { fileId: 'file-2' });
    lists.index.setLive(segment?.id ?? '', row, false);
    try {
      expect(await remembering.scan(unread(), { fileId: 'file-2' })).toMatchObject({ verdict: 'no-match' });
    } finally {
      lists.index.setLive(segment?.id ?? '', row, true);
    }
  });

  it('refuses what is too large, declared or not', async () => {
    const small = scannerWith({ maximumBytes: 1_000 });
    await expect(small.scan(listed, { declaredLength: 2 ** 31 })).rejects.toMatchObject({ code: 'media-too-large' });
    await expect(small.scan(listed)).rejects.toMatchObject({ code: 'media-too-large' });
  });

  it('ends at once when its caller goes away, and goes on with the next', async () => {
    const gone = new AbortController();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield listed.subarray(0, 100);
      gone.abort(new VigieError('request-too-slow'));
      await new Promise(() => undefined);
    }
    await expect(scanner.scan(slow(), { signal: gone.signal })).rejects.toMatchObject({ code: 'request-too-slow' });
    expect(await scanner.scan(listed)).toMatchObject({ verdict: 'match' });
  });

  it('cannot tell what it cannot fetch, and refuses what it must not fetch', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/listed') response.end(listed);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const open = scannerWith({ client: new GuardedClient({ allow: ['127.0.0.1'] }) });
      expect(await open.scanUrl(`${url}/listed`)).toMatchObject({ verdict: 'match' });
      expect(await open.scanUrl(`${url}/gone`)).toMatchObject({ verdict: 'could-not-tell', reason: 'fetch-failed' });
      const closed = scannerWith({ client: new GuardedClient() });
      await expect(closed.scanUrl(`${url}/listed`)).rejects.toMatchObject({ code: 'url-forbidden' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('cannot tell when the outside hasher fails, unless something matches anyway', async () => {
    const failing = scannerWith({ photodna: { hash: () => Promise.reject(new VigieError('hasher-failed')) } });
    const unknown = await photographLikeJpeg(WIDTH, HEIGHT, 97);
    expect(await failing.scan(unknown)).toMatchObject({ verdict: 'could-not-tell', reason: 'hasher-failed' });
    expect(await failing.scan(listed)).toMatchObject({ verdict: 'match' });
  });
});
