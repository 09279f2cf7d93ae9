import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpegNote, hashAll, inPieces, programs, videoPool } from '../src/media/video/testing/video-pools.js';
import { slides } from '../src/scan/video/testing/slides.js';
import { type RunningService, startService } from './service.js';

const KNOWN = [1, 2, 3, 4, 5, 6, 7, 8];
const UNKNOWN = [31, 32, 33, 34];

interface Told {
  readonly verdict: string;
  readonly reason: string | null;
  readonly kind: string;
  readonly seconds: number | null;
  readonly matches: readonly {
    readonly list: string;
    readonly entry: string;
    readonly extent: string;
    readonly video?: object;
  }[];
}

/** Videos over HTTP, on the real service. */
describe.skipIf(programs === undefined)(`videos over HTTP${ffmpegNote}`, () => {
  let service: RunningService;
  let known: Buffer;
  const bytes = { 'content-type': 'application/octet-stream' };

  beforeAll(async () => {
    await using pool = videoPool();
    known = slides(KNOWN);
    const { frames } = await hashAll(pool, known, { mode: 'faithful' });
    const vpdq = frames
      .filter(({ area }) => area === 'full')
      .map(({ pdq, quality, seconds }) => `${Buffer.from(pdq.subarray(0, 32)).toString('hex')},${quality},${seconds}`);
    service = await startService();
    const list = JSON.stringify({ id: 'clip', grade: 'A', vpdq });
    const imported = await service.call('PUT', '/v1/lists/clips/import?source=made', list, bytes);
    expect(imported.status).toBe(200);
    await imported.text();
  }, 120_000);
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  it('gives one verdict on a video, with the stretch that it shares', async () => {
    const cut = slides(KNOWN.slice(1, 8), { words: ['-crf', '28'], ending: 'mp4' });
    const answer = await service.call('POST', '/v1/scan', cut, bytes);
    const verdict = (await answer.json()) as Told;
    expect(verdict).toMatchObject({ verdict: 'match', kind: 'video', matches: [{ list: 'clips', entry: 'clip' }] });
    expect(verdict.matches[0]).toMatchObject({ extent: 'full', across: 'same-kind' });
    const other = (await (await service.call('POST', '/v1/scan', slides(UNKNOWN), bytes)).json()) as Told;
    expect(other).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', kind: 'video' });
    expect(other.seconds).toBeCloseTo(UNKNOWN.length, 0);
  });

  it('takes a video as the medium of an item', async () => {
    const data = new FormData();
    data.append('item', JSON.stringify({ platform: 'forum', id: 'with-video', surface: 'public' }));
    data.append('media', new Blob([new Uint8Array(slides([51, ...KNOWN.slice(0, 2), 52]))]), 'a.mkv');
    const { id } = (await (await service.call('POST', '/v1/items', data)).json()) as { id: string };
    let item: { state: string; verdict?: { media: readonly Told[] } };
    do {
      await new Promise((resolve) => setTimeout(resolve, 100));
      item = (await (await service.call('GET', `/v1/items/${id}`)).json()) as typeof item;
    } while (item.state === 'waiting');
    expect(item).toMatchObject({
      state: 'told',
      verdict: { verdict: 'match', media: [{ matches: [{ entry: 'clip', extent: 'partial' }] }] },
    });
  });

  it('frees its decoder when the client goes away', async () => {
    const { hostname, port } = new URL(service.address);
    const sending = request({
      hostname,
      port,
      method: 'POST',
      path: '/v1/scan',
      headers: { ...bytes, authorization: `Bearer ${service.key}`, 'transfer-encoding': 'chunked' },
    });
    sending.on('error', () => undefined);
    for await (const piece of inPieces(slides(UNKNOWN))) sending.write(piece);
    await until(() => ffmpegs(service.process.pid as number) > 0);
    sending.destroy();
    await until(() => ffmpegs(service.process.pid as number) === 0);
    const verdict = (await (await service.call('POST', '/v1/scan', slides([61, 62]), bytes)).json()) as Told;
    expect(verdict).toMatchObject({ verdict: 'no-match' });
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** How many ffmpeg processes descend from a process. */
function ffmpegs(ancestor: number): number {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
      names.set(pid, stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (pid: number): boolean => pid === ancestor || (parents.has(pid) && below(parents.get(pid) as number));
  return [...names].filter(([pid, name]) => name.startsWith('ffmpeg') && below(pid)).length;
}
