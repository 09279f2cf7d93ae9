import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { signalType } from '../../../signals/signal-types.js';
import type { DeltaSource } from '../source.js';
import { FAULTS, type Fault, type Reply } from '../testing/fault-server.js';
import { NcmecServer, type NcmecServerOptions, SERVED_REASONS, type ServedEntry } from '../testing/ncmec-server.js';
import { houseOfTests, nothingKept, pullInto } from '../testing/pull-source.js';
import { ncmec } from './ncmec.js';
import { NcmecSource } from './ncmec-source.js';
import { formatNcmecTime } from './ncmec-times.js';

const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
const SECOND = Math.floor(NOW / 1_000);
const HOUR = 3_600;
const CREDENTIALS = { username: 'harbour', password: 'pass:word' };
const TIME_LIMIT = 30_000;

const servers: NcmecServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(options: NcmecServerOptions = {}): Promise<NcmecServer> {
  const server = await NcmecServer.open(options);
  server.http.now = () => NOW;
  servers.push(server);
  return server;
}

/** The kind as a person adds it, its settings read as the API reads them. */
function connect(server: NcmecServer, settings: Record<string, unknown> = {}, now = () => NOW): DeltaSource {
  const read = ncmec.settings.parse({ baseUrl: `${server.base}/`, ...settings });
  return ncmec.open(read, CREDENTIALS, houseOfTests(now)) as DeltaSource;
}

function md5(n: number): string {
  return (n + 1).toString(16).padStart(32, 'a');
}

function image(n: number, more: Partial<ServedEntry> = {}): ServedEntry {
  return {
    ...{ member: '42', id: `image${n}`, kind: 'image', timestamp: SECOND - 1_000 - n, classification: 'A1' },
    ...{ fingerprints: [['md5', md5(n)]], ...more },
  };
}

function valuesOf(entry: Entry | undefined): readonly string[] {
  return (entry?.signals ?? []).map(({ type, value }) => `${type} ${signalType(type).format(value)}`);
}

describe('NCMEC', () => {
  it('takes images and videos with every fingerprint that we know, and counts the others', async () => {
    const server = await serve();
    const pdq = '0123456789abcdef'.repeat(4);
    server.put(
      image(1, {
        fingerprints: [
          ['md5', md5(1).toUpperCase()],
          ['md5', md5(2)],
          ['sha1', 'b'.repeat(40)],
          ['pdq', pdq],
          ['pdna', Buffer.alloc(144, 7).toString('base64')],
          ['netclean', 'x'],
        ],
        opinions: [
          { member: '7', type: 'Md5', affirmative: true, at: SECOND - 50 },
          { member: '8', type: 'Md5', affirmative: true, at: SECOND - 50 },
          { member: '8', type: 'Sha1', affirmative: false, at: SECOND - 40 },
          { member: '9', type: 'Sha1', affirmative: false, at: SECOND - 50 },
          { member: '9', type: 'Md5', affirmative: true, at: SECOND - 40 },
        ],
      }),
      {
        ...{ member: '101', id: 'a/b & c-d', kind: 'video', timestamp: SECOND - 60 },
        fingerprints: [
          ['md5', md5(3)],
          ['tmk-pdqf', { href: '/v2/entries/1/fingerprints/TMK_PDQF' }],
          ['something-new', 'value'],
        ],
      },
    );
    const kept = await pullInto(nothingKept(), connect(server));
    expect(kept.upToDate).toBe(true);
    const first = kept.entries.get('42-image1');
    expect(first).toMatchObject({ grade: 'A1', kind: 'image', member: '42', added: (SECOND - 1_001) * 1_000 });
    expect(valuesOf(first)).toEqual([
      `md5 ${md5(1)}`,
      `md5 ${md5(2)}`,
      `sha1 ${'b'.repeat(40)}`,
      `pdq ${pdq}`,
      `photodna ${Buffer.alloc(144, 7).toString('base64')}`,
    ]);
    expect([...(first?.opinions ?? [])].sort((a, b) => a.member.localeCompare(b.member))).toEqual([
      { member: '7', affirmative: true },
      { member: '8', affirmative: false },
      { member: '9', affirmative: true },
    ]);
    const second = kept.entries.get('101-a/b & c-d');
    expect(second).toMatchObject({ kind: 'video', member: '101' });
    expect(second).not.toHaveProperty('grade');
    expect(Object.fromEntries(kept.unused)).toEqual({ netclean: 1, 'tmk-pdqf': 1, 'something-new': 1 });
    expect(kept.setAside).toEqual([]);
  });

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

  it(
    'gives what is there at last, whenever it is killed, while entries are changed and withdrawn',
    async () => {
      const drawn = fc.record({
        id: fc.integer({ min: 0, max: 25 }).map(String),
        deleted: fc.boolean(),
        value: fc.integer({ min: 0, max: 1e6 }),
        // Some of it comes to be there later than it says.
        ago: fc.constantFrom(0, 0, 1, 20),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 5 }),
          fc.constantFrom('both' as const, 'first' as const, 'last' as const, 'neither' as const),
          fc.integer({ min: 2, max: 5 }),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }),
          async (steps, ends, pageSize, kills) => {
            await using server = await NcmecServer.open({ ends, pageSize });
            let now = SECOND;
            server.http.now = () => now * 1_000;
            const kept = { ...nothingKept(), checkpoint: { from: SECOND - HOUR, span: HOUR } };
            const pull = (pages?: number) =>
              pullInto(
                kept,
                connect(server, {}, () => now * 1_000),
                pages,
              );
            const left = [...kills];
            for (const step of steps) {
              for (const { value, ago, ...rest } of step) {
                const own = { member: '42', kind: 'image' as const, timestamp: now - ago };
                server.put({ ...rest, ...own, fingerprints: [['md5', md5(value)]] });
              }
              now += 3;
              await pull(left.shift());
            }
            now += 6;
            await pull();
            const expected = [...server.entries].filter(([, { deleted }]) => !deleted);
            expect(new Map([...kept.entries].map(([id, found]) => [id, valuesOf(found)]))).toEqual(
              new Map(expected.map(([id, { fingerprints }]) => [id, [`md5 ${fingerprints?.[0]?.[1] as string}`]])),
            );
          },
        ),
        { numRuns: 20 },
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

  it('follows corrections, withdrawals and what loses its last fingerprint', async () => {
    const server = await serve();
    server.put(image(1), image(2), image(3), image(4));
    const kept = await pullInto(nothingKept(), connect(server));
    expect([...kept.entries.keys()].sort()).toEqual(['42-image1', '42-image2', '42-image3', '42-image4']);
    server.http.now = () => NOW + 60_000;
    const timestamp = SECOND + 30;
    server.put(
      image(1, { timestamp, classification: 'B2' }),
      image(2, { timestamp, deleted: true }),
      image(3, { timestamp, fingerprints: [['videntifier', { href: '/v2/entries/3/fingerprints/VIDENTIFIER' }]] }),
      image(4, { timestamp, fingerprints: [['md5', 'not a hash']] }),
      image(5, { timestamp, deleted: true }),
    );
    await pullInto(
      kept,
      connect(server, {}, () => NOW + 60_000),
    );
    expect([...kept.entries.keys()].sort()).toEqual(['42-image1', '42-image4']);
    expect(kept.entries.get('42-image1')?.grade).toBe('B2');
    expect(kept.setAside).toEqual([{ reason: 'malformed-signal', where: '42-image4' }]);
  });

  it('takes entries of certain members alone when told to', async () => {
    const server = await serve();
    server.put(image(1), image(2, { member: '43' }));
    const kept = await pullInto(nothingKept(), connect(server, { onlyMembers: ['43'] }));
    expect([...kept.entries.keys()]).toEqual(['43-image2']);
  });

  it('sets aside what is malformed or must never match, without its value, and goes on', async () => {
    const server = await serve();
    const hash = '0123456789abcdef'.repeat(2);
    server.put(
      image(1, { fingerprints: [['md5', 'd41d8cd98f00b204e9800998ecf8427e']] }),
      image(2, {
        fingerprints: [
          ['sha1', '0'.repeat(40)],
          ['md5', md5(2)],
        ],
      }),
      image(3, { id: hash, fingerprints: [['md5', `${md5(1)}00`]] }),
      image(4, { fingerprints: [['md5', 'f'.repeat(9_000)]] }),
      image(5, { member: '4-2' }),
      image(6, { member: '' }),
      image(7),
    );
    const kept = await pullInto(nothingKept(), connect(server));
    expect([...kept.entries.keys()].sort()).toEqual(['42-image2', '42-image7']);
    const reasons = kept.setAside.map(({ reason }) => reason).sort();
    expect(reasons).toEqual([
      ...['all-zero', 'empty-file', 'malformed-record', 'malformed-record'],
      ...['malformed-signal', 'malformed-signal'],
    ]);
    expect(JSON.stringify(kept.setAside)).not.toContain(hash);
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

  it('tells nothing of a page that is not what it should be, and goes on where it was', async () => {
    const entity = '<!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    const changed = (change: (body: string) => string): Fault => ({
      change: (reply: Reply) => ({ ...reply, body: change(String(reply.body)) }),
    });
    const faults: readonly (readonly [Fault, string])[] = [
      [FAULTS.html, 'source-malformed'],
      [FAULTS.htmlUnnamed, 'source-malformed'],
      [FAULTS.moved, 'source-malformed'],
      [FAULTS.unauthorised, 'source-refused'],
      [FAULTS.forbidden, 'source-refused'],
      [FAULTS.tooMany, 'source-unreachable'],
      [FAULTS.broken, 'source-unreachable'],
      ['break', 'source-unreachable'],
      [{ cutTo: 500, honest: true }, 'source-malformed'],
      [{ cutTo: 500, honest: false }, 'source-unreachable'],
      [{ cutTo: 0, honest: true }, 'source-malformed'],
      [changed((body) => body.replace('<queryResult', `${entity}<queryResult`)), 'source-malformed'],
      [changed((body) => body.replace('</md5>', '&undefined;</md5>')), 'source-malformed'],
      [changed((body) => body.replace('</queryResult>', '')), 'source-malformed'],
      [changed((body) => body.replace('UTF-8', 'ISO-8859-1')), 'source-malformed'],
      [changed((body) => `${body}<more/>`), 'source-malformed'],
      [changed((body) => body.replace('<md5>', '<d>'.repeat(100))), 'source-malformed'],
      [
        changed((body) => body.replace(/from=[^&]+/, `from=${encodeURIComponent(formatNcmecTime(99))}`)),
        'source-malformed',
      ],
      [changed((body) => body.replace('/v2/entries?', 'http://127.0.0.1:1/v2/entries?')), 'source-malformed'],
      [changed((body) => body.replace('/v2/entries?', '//127.0.0.1:1/v2/entries?')), 'source-malformed'],
    ];
    const server = await serve({ pageSize: 3 });
    for (let n = 1; n <= 9; n++) server.put(image(n));
    for (const [fault, code] of faults) {
      server.http.fault = () => undefined;
      const kept = await pullInto(nothingKept(), connect(server), 1);
      const { checkpoint } = kept;
      expect(kept.entries.size).toBe(3);
      server.http.fault = ({ url }) => (url.pathname.endsWith('/entries') ? fault : undefined);
      await expect(pullInto(kept, connect(server)), JSON.stringify(fault)).rejects.toMatchObject({ code });
      expect(kept.entries.size).toBe(3);
      expect(kept.checkpoint).toEqual(checkpoint);
      server.http.fault = () => undefined;
      await pullInto(kept, connect(server));
      expect(kept.entries.size).toBe(9);
    }
  });

  it('says when to come back, and never who asked or for what', async () => {
    const server = await serve();
    server.http.fault = () => FAULTS.tooMany;
    const error: unknown = await pullInto(nothingKept(), connect(server)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'source-unreachable', retryAfter: 120 });
    expect(String(error)).not.toMatch(/harbour|127\.0\.0\.1/);
    server.http.fault = () => 'hang';
    const stop = new AbortController();
    const pulling = connect(server).pull(undefined, stop.signal)[Symbol.asyncIterator]().next();
    stop.abort(new Error('stopped'));
    await expect(pulling).rejects.toThrow('stopped');
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

  it('of two words about one entry in a page takes the later', async () => {
    const server = await serve();
    server.put(image(1));
    const record = (seconds: number, grade: string) =>
      `<image><member id="42"/><timestamp>${formatNcmecTime(seconds)}</timestamp><id>image1</id>
       <classification>${grade}</classification><fingerprints><md5>${md5(1)}</md5></fingerprints></image>`;
    for (const order of [0, 1]) {
      const both = [record(SECOND - 90, 'A2'), record(SECOND - 80, 'B1')];
      if (order === 1) both.reverse();
      server.http.fault = ({ url }) =>
        url.pathname.endsWith('/entries')
          ? {
              change: (reply) => ({ ...reply, body: String(reply.body).replace(/<image>.*<\/image>/s, both.join('')) }),
            }
          : undefined;
      const kept = await pullInto(nothingKept(), connect(server));
      expect(kept.entries.get('42-image1')?.grade).toBe('B1');
    }
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

  it('tells who we are there', async () => {
    const server = await serve();
    const facts = await connect(server).test(AbortSignal.timeout(TIME_LIMIT));
    expect(facts).toEqual({ member: 'Harbour & Sons (1)', members: '2' });
    server.http.fault = () => FAULTS.unauthorised;
    await expect(connect(server).test(AbortSignal.timeout(TIME_LIMIT))).rejects.toMatchObject({
      code: 'source-refused',
    });
  });

  it('tells what became of a match, with a reason against it, and may tell it twice', async () => {
    const server = await serve();
    server.put(
      image(1, {
        id: 'one/two-3',
        fingerprints: [
          ['md5', md5(1)],
          ['sha1', 'b'.repeat(40)],
          ['pdna', Buffer.alloc(144, 7).toString('base64')],
        ],
      }),
    );
    const signal = AbortSignal.timeout(TIME_LIMIT);
    const about = { entryId: '42-one/two-3', value: '' };
    const source = connect(server);
    for (const _ of [1, 2]) await source.feedback?.({ ...about, opinion: 'confirmed', signal: 'md5' }, signal);
    expect(server.feedback.get('42/one/two-3/MD5')).toBe('affirmative');
    await source.feedback?.({ ...about, opinion: 'refuted', signal: 'sha1' }, signal);
    expect(server.feedback.get('42/one/two-3/SHA1')).toBe(SERVED_REASONS['SHA1']?.[0]?.guid);
    const choosy = connect(server, { refutedReason: 'Cannot be told' });
    await choosy.feedback?.({ ...about, opinion: 'refuted', signal: 'sha1' }, signal);
    expect(server.feedback.get('42/one/two-3/SHA1')).toBe(SERVED_REASONS['SHA1']?.[1]?.guid);
    // A reason that is not offered for the type is replaced by one that is.
    await choosy.feedback?.({ ...about, opinion: 'refuted', signal: 'md5' }, signal);
    expect(server.feedback.get('42/one/two-3/MD5')).toBe(SERVED_REASONS['MD5']?.[0]?.guid);
    const codes: string[] = [];
    for (const [type, entryId] of [
      ['vpdq', about.entryId],
      ['md5', 'nothing'],
      ['photodna', about.entryId],
      ['md5', '42-unknown'],
    ] as const) {
      const telling = source.feedback?.({ ...about, entryId, opinion: 'refuted', signal: type }, signal);
      codes.push(
        await (telling as Promise<void>).then(
          () => 'taken',
          ({ code }: { code: string }) => code,
        ),
      );
    }
    expect(codes).toEqual(['feedback-not-taken', 'feedback-not-taken', 'source-malformed', 'source-refused']);
  });

  it('sends credentials over TLS only, unless they stay on the machine', () => {
    const allowed = ['https://example.org/hashsharing', 'http://127.0.0.1:8080/x', 'http://[::1]/', ''];
    const refused = [
      ...['http://example.org/', 'ftp://example.org', 'https://a:b@example.org/', 'https://example.org/?x=1'],
      ...['http://127.example.org/', 'nonsense', 'http://10.0.0.1/'],
    ];
    for (const baseUrl of allowed) expect(ncmec.settings.safeParse({ baseUrl }).success, baseUrl).toBe(true);
    for (const baseUrl of refused) expect(ncmec.settings.safeParse({ baseUrl }).success, baseUrl).toBe(false);
    expect(ncmec.settings.parse({})).toMatchObject({ environment: 'industry', onlyMembers: [] });
  });
});
