import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAULTS, type Fault, type Reply } from '../testing/fault-server.js';
import { NcmecServer, SERVED_REASONS } from '../testing/ncmec-server.js';
import { nothingKept, pullInto } from '../testing/pull-source.js';
import { connect, HOUR, image, md5, NOW, SECOND, serve, TIME_LIMIT, valuesOf } from '../testing/served-ncmec.js';
import { ncmec } from './ncmec.js';
import { formatNcmecTime } from './ncmec-times.js';

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
