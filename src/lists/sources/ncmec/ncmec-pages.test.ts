import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { NcmecServer } from '../testing/ncmec-server.js';
import { houseOfTests, nothingKept, pullInto } from '../testing/pull-source.js';
import {
  CREDENTIALS,
  connect,
  HOUR,
  image,
  md5,
  NOW,
  SECOND,
  serve,
  TIME_LIMIT,
  valuesOf,
} from '../testing/served-ncmec.js';
import { NcmecSource } from './ncmec-source.js';
import { formatNcmecTime } from './ncmec-times.js';

describe('Pages and windows of NCMEC', () => {
  it(
    'gives the same entries whenever it is killed, whatever ends a range of time has',
    async () => {
      const entry = fc.record({
        member: fc.constantFrom('42', '43'),
        id: fc.integer({ min: 0, max: 40 }).map(String),
        kind: fc.constantFrom('image' as const, 'video' as const),
        deleted: fc.boolean(),
        ago: fc.oneof(fc.integer({ min: 6, max: 30 }), fc.integer({ min: 6, max: 5 * HOUR })),
        value: fc.integer({ min: 0, max: 1e6 }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(entry, { maxLength: 40 }),
          fc.constantFrom('both' as const, 'first' as const, 'last' as const, 'neither' as const),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 2, max: 30 }),
          fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }),
          async (drawn, ends, pageSize, largestWindow, kills) => {
            await using server = await NcmecServer.open({ ends, pageSize });
            server.http.now = () => NOW;
            for (const { ago, value, ...rest } of drawn) {
              server.put({ ...rest, timestamp: SECOND - ago, fingerprints: [['md5', md5(value)]] });
            }
            const options = {
              ...{ base: server.base, ...CREDENTIALS, onlyMembers: new Set<string>() },
              ...{ refutedReason: undefined, largestWindow },
            };
            const open = () =>
              new NcmecSource(
                options,
                houseOfTests(() => NOW),
              );
            // Begun near the entries, so that few of the windows are empty.
            const checkpoint = { from: SECOND - 6 * HOUR, span: HOUR };
            const kept = { ...nothingKept(), checkpoint };
            for (const pages of kills) await pullInto(kept, open(), pages);
            await pullInto(kept, open());
            const expected = [...server.entries].filter(([, { deleted }]) => !deleted);
            const texts = new Map([...kept.entries].map(([id, found]) => [id, valuesOf(found)]));
            expect(texts).toEqual(
              new Map(expected.map(([id, { fingerprints }]) => [id, [`md5 ${fingerprints?.[0]?.[1] as string}`]])),
            );
            expect(kept.upToDate).toBe(true);
          },
        ),
        { numRuns: 15 },
      );
    },
    TIME_LIMIT * 2,
  );

  it('finds what stands at the ends of windows, whichever of them are part of a range', async () => {
    for (const ends of ['both', 'first', 'last', 'neither'] as const) {
      const server = await serve({ ends, pageSize: 3 });
      for (let ago = 6; ago < 70; ago++) server.put(image(ago, { timestamp: SECOND - ago }));
      const kept = { ...nothingKept(), checkpoint: { from: SECOND - 70, span: 7 } };
      await pullInto(kept, connect(server));
      expect(kept.entries.size, ends).toBe(64);
    }
  });

  it('asks for ranges in UTC that end five seconds before the clock of the source', async () => {
    const server = await serve();
    server.put(image(1));
    for (const ours of [NOW, NOW + 86_400_000, NOW - 86_400_000]) {
      server.http.asked.length = 0;
      await pullInto(
        nothingKept(),
        connect(server, {}, () => ours),
      );
      const query = server.http.asked.find(({ url }) => url.pathname.endsWith('/entries'))?.url.searchParams;
      expect(query?.get('from')).toBe('1970-01-01T00:00:00Z');
      expect(query?.get('to')).toBe(formatNcmecTime(SECOND - 5));
    }
  });

  it('loses nothing that is entered while a clock is wrong by a day', async () => {
    for (const wrong of ['theirs', 'ours'] as const) {
      for (const days of [-1, 1]) {
        const server = await serve({ pageSize: 2 });
        let [theirs, ours] = [NOW, NOW];
        server.http.now = () => theirs;
        for (let n = 1; n <= 5; n++) server.put(image(n));
        const kept = nothingKept();
        await pullInto(
          kept,
          connect(server, {}, () => ours),
        );
        if (wrong === 'theirs') theirs += days * 86_400_000;
        else ours += days * 86_400_000;
        // Killed in the middle, so that a window is open while the clock is wrong.
        for (const pages of [1, Number.POSITIVE_INFINITY]) {
          await pullInto(
            kept,
            connect(server, {}, () => ours),
            pages,
          );
        }
        expect(kept.setAside.map(({ reason }) => reason)).toContain('clocks-differ');
        // What is entered now has the right time.
        server.put(image(6, { timestamp: SECOND + 2 * HOUR }));
        theirs = NOW + 3 * HOUR * 1_000;
        ours = theirs;
        await pullInto(
          kept,
          connect(server, {}, () => ours),
        );
        expect([...kept.entries.keys()]).toContain('42-image6');
      }
    }
  });

  it('uses a next page within its range alone, and begins anew when it is stale or forgotten', async () => {
    for (const [pass, forget] of [
      [13 * HOUR, false],
      [HOUR, true],
    ] as const) {
      const server = await serve({ pageSize: 2, nextSeconds: 12 * HOUR });
      for (let n = 1; n <= 7; n++) server.put(image(n));
      let now = NOW;
      server.http.now = () => now;
      const kept = await pullInto(
        nothingKept(),
        connect(server, {}, () => now),
        2,
      );
      now += pass * 1_000;
      let refused = 0;
      if (forget) {
        server.http.fault = ({ url }) => {
          if (url.searchParams.get('start') === null || refused > 0) return undefined;
          refused++;
          return { reply: { status: 404 } };
        };
      }
      server.http.asked.length = 0;
      await pullInto(
        kept,
        connect(server, {}, () => now),
      );
      expect(kept.entries.size).toBe(7);
      expect(refused).toBe(forget ? 1 : 0);
      const first = server.http.asked.find(({ url }) => url.pathname.endsWith('/entries'));
      expect(first?.url.searchParams.has('start')).toBe(forget);
    }
  });

  it('gives up on a source whose next pages never hold', async () => {
    const server = await serve({ pageSize: 2 });
    for (let n = 1; n <= 7; n++) server.put(image(n));
    server.http.fault = ({ url }) => (url.searchParams.has('start') ? { reply: { status: 400 } } : undefined);
    await expect(pullInto(nothingKept(), connect(server))).rejects.toMatchObject({ code: 'source-refused' });
  });

  it('makes windows shorter where there is much, and longer where there is little', async () => {
    const server = await serve({ pageSize: 10 });
    for (let n = 0; n < 200; n++) server.put(image(n, { timestamp: SECOND - 100 - n }));
    const options = {
      ...{ base: server.base, ...CREDENTIALS, onlyMembers: new Set<string>() },
      ...{ refutedReason: undefined, largestWindow: 40 },
    };
    const kept = await pullInto(
      nothingKept(),
      new NcmecSource(
        options,
        houseOfTests(() => NOW),
      ),
    );
    expect(kept.entries.size).toBe(200);
    const spans = server.http.asked
      .map(({ url }) => url.searchParams)
      .filter((query) => query.has('from') && !query.has('start'))
      .map((query) => (Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '')) / 1_000);
    expect(Math.max(...spans)).toBeGreaterThan(SECOND - 10);
    expect(Math.min(...spans)).toBeLessThan(200);
    expect(server.http.asked.length).toBeLessThan(300);
  });

  it('is not led round in circles', async () => {
    const server = await serve({ pageSize: 2 });
    for (let n = 1; n <= 9; n++) server.put(image(n));
    let next = '';
    server.http.fault = () => ({
      change: (reply) => {
        const body = String(reply.body);
        next ||= /<next>.*<\/next>/.exec(body)?.[0] ?? '';
        return { ...reply, body: body.replace(/<next>.*<\/next>/, next) };
      },
    });
    await expect(pullInto(nothingKept(), connect(server))).rejects.toMatchObject({ code: 'source-malformed' });
  });

  it('bears pages that come twice or in another order', async () => {
    const server = await serve({ pageSize: 2 });
    for (let n = 1; n <= 8; n++) server.put(image(n, n === 5 ? { deleted: true } : {}));
    const records = new Map<string, string>();
    server.http.fault = ({ url }) => {
      if (!url.pathname.endsWith('/entries')) return undefined;
      return {
        change: (reply) => {
          // The page before once more, in front of this one or behind it.
          const [, own = ''] = /(<images.*<\/images>)/.exec(String(reply.body)) ?? [];
          const before = records.get('last') ?? '';
          records.set('last', own);
          const both = records.size % 2 === 0 ? before + own : own + before;
          return { ...reply, body: String(reply.body).replace(own, both) };
        },
      };
    };
    const kept = await pullInto(nothingKept(), connect(server));
    expect(kept.entries.size).toBe(7);
  });

  it('begins anew, and says so, with a checkpoint that it cannot read', async () => {
    const server = await serve();
    server.put(image(1));
    const kept = await pullInto(nothingKept(), connect(server));
    kept.entries.set('gone', kept.entries.get('42-image1') as Entry);
    kept.checkpoint = { from: 'yesterday' };
    await pullInto(kept, connect(server));
    expect([...kept.entries.keys()]).toEqual(['42-image1']);
  });
});
