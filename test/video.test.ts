import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpegNote, inPieces, programs, videoPool, vpdqOf } from '../src/media/video/testing/video-pools.js';
import { slides } from '../src/scan/video/testing/slides.js';
import { descendants } from './descendants.js';
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
    const vpdq = await vpdqOf(pool, known);
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

/** How many ffmpeg processes descend from a process. */
function ffmpegs(pid: number): number {
  return descendants(pid).filter(({ name }) => name === 'ffmpeg').length;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
