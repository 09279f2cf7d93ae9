import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { signalType } from '../../../signals/signal-types.js';
import type { DeltaSource } from '../source.js';
import { FAULTS } from '../testing/fault-server.js';
import { JSON_FAULTS, jsonChanged } from '../testing/json-faults.js';
import { houseOfTests, nothingKept, pullInto } from '../testing/pull-source.js';
import { refusal, type ServedIndicator, ThreatExchangeServer } from '../testing/threatexchange-server.js';
import { threatexchange } from './threatexchange.js';

const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
const SECOND = Math.floor(NOW / 1_000);
const DAY = 86_400_000;
const TIME_LIMIT = 30_000;

const servers: ThreatExchangeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(): Promise<ThreatExchangeServer> {
  const server = await ThreatExchangeServer.open();
  server.http.now = () => NOW;
  servers.push(server);
  return server;
}

function connect(
  server: ThreatExchangeServer,
  pageSize = 500,
  now = () => NOW,
  appToken = ThreatExchangeServer.token,
): DeltaSource {
  const chosen = { privacyGroup: ThreatExchangeServer.group, baseUrl: server.base, pageSize };
  return threatexchange.open(threatexchange.settings.parse(chosen), { appToken }, houseOfTests(now)) as DeltaSource;
}

function pdq(n: number): string {
  return (n + 1).toString(16).padStart(64, 'b');
}

function indicator(n: number, more: Partial<ServedIndicator> = {}): ServedIndicator {
  return {
    ...{ id: String(7_000 + n), type: 'HASH_PDQ', indicator: pdq(n), last_updated: SECOND - 1_000 + n },
    ...{ descriptors: [{ id: String(9_000 + n), owner: '55', status: 'MALICIOUS' }], ...more },
  };
}

function valuesOf(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, string> {
  return new Map(
    [...entries].map(([id, { signals }]) => [
      id,
      signals.map(({ type, value }) => `${type} ${signalType(type).format(value)}`).join(),
    ]),
  );
}

describe('ThreatExchange', () => {
  it('takes every type that we know, kinds by type or tag, members and what they think', async () => {
    const server = await serve();
    server.put(
      indicator(1, {
        descriptors: [
          { id: '1', owner: '55', status: 'MALICIOUS', reactions: { HELPFUL: ['61', '62'], SAW_THIS_TOO: ['63'] } },
          { id: '2', owner: '61', status: 'NON_MALICIOUS' },
          { id: '3', owner: '64', status: 'UNKNOWN', reactions: { DISAGREE_WITH_TAGS: ['62'], NOT_HELPFUL: ['65'] } },
        ],
      }),
      indicator(2, { type: 'HASH_VIDEO_MD5', indicator: 'C'.repeat(32) }),
      indicator(3, {
        type: 'HASH_MD5',
        indicator: 'd'.repeat(32),
        descriptors: [{ id: '4', owner: '55', status: 'UNKNOWN', tags: ['media_type_video', 'other'] }],
      }),
      indicator(4, { type: 'HASH_SHA256', indicator: 'e'.repeat(64) }),
      indicator(5, { type: 'HASH_PDNA', indicator: Buffer.alloc(144, 9).toString('base64') }),
      indicator(6, { type: 'HASH_TMK' }),
      indicator(7, { type: 'URI', indicator: 'https://example.org' }),
      indicator(8, { indicator: 'short' }),
      indicator(9, { descriptors: [{ id: '5', owner: '55', status: 'NON_MALICIOUS' }] }),
    );
    const kept = await pullInto(nothingKept(), connect(server));
    expect([...valuesOf(kept.entries)]).toEqual([
      ['7001', `pdq ${pdq(1)}`],
      ['7002', `md5 ${'c'.repeat(32)}`],
      ['7003', `md5 ${'d'.repeat(32)}`],
      ['7004', `sha256 ${'e'.repeat(64)}`],
      ['7005', `photodna ${Buffer.alloc(144, 9).toString('base64')}`],
    ]);
    expect([...kept.entries.values()].map(({ kind }) => kind)).toEqual([
      ...['image', 'video', 'video', undefined, 'image'],
    ]);
    const { member, opinions = [] } = kept.entries.get('7001') ?? {};
    expect(member).toBe('55');
    const sorted = [...opinions].sort((a, b) => a.member.localeCompare(b.member));
    expect(sorted.map(({ member: who, affirmative }) => `${affirmative ? '+' : '-'}${who}`)).toEqual([
      ...['+55', '-61', '-62', '-65'],
    ]);
    expect(Object.fromEntries(kept.unused)).toEqual({ HASH_TMK: 1, URI: 1 });
    expect(kept.setAside).toEqual([{ reason: 'malformed-signal', where: '7008' }]);
  });

  it('follows changes and withdrawals, also those that are told by silence', async () => {
    const server = await serve();
    server.put(indicator(1), indicator(2), indicator(3), indicator(4));
    const kept = await pullInto(nothingKept(), connect(server));
    const last_updated = SECOND;
    server.put(
      indicator(1, { last_updated, indicator: pdq(9) }),
      indicator(2, { last_updated, descriptors: [] }),
      indicator(3, { last_updated, descriptors: [], silent: true }),
      indicator(5, { last_updated, descriptors: [] }),
    );
    await pullInto(kept, connect(server));
    expect([...valuesOf(kept.entries)].sort()).toEqual([
      ['7001', `pdq ${pdq(9)}`],
      ['7004', `pdq ${pdq(4)}`],
    ]);
  });

  it(
    'gives the same indicators whenever it is killed, while some are changed and withdrawn',
    async () => {
      const drawn = fc.record({
        n: fc.integer({ min: 1, max: 25 }),
        ago: fc.integer({ min: 0, max: 1 }),
        gone: fc.constantFrom('no', 'told', 'silent'),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 4 }),
          fc.integer({ min: 2, max: 5 }),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
          fc.boolean(),
          async (steps, pageSize, kills, inclusive) => {
            await using server = await ThreatExchangeServer.open();
            let now = NOW;
            server.http.now = () => now;
            server.inclusive = inclusive;
            const kept = nothingKept();
            const left = [...kills];
            for (const step of steps) {
              now += 10_000;
              for (const { n, ago, gone } of step) {
                const last_updated = Math.floor(now / 1_000) - ago;
                const withdrawn = gone === 'no' ? {} : { descriptors: [], silent: gone === 'silent' };
                server.put(indicator(n, { last_updated, ...withdrawn }));
              }
              await pullInto(
                kept,
                connect(server, pageSize, () => now),
                left.shift() ?? Number.POSITIVE_INFINITY,
              );
              if (kills.length % 2 === 0) server.forgetCursors();
            }
            await pullInto(
              kept,
              connect(server, pageSize, () => now),
            );
            const expected = [...server.indicators.values()].filter(({ descriptors }) => descriptors.length > 0);
            expect(valuesOf(kept.entries)).toEqual(new Map(expected.map((one) => [one.id, `pdq ${one.indicator}`])));
          },
        ),
        { numRuns: 15 },
      );
    },
    TIME_LIMIT * 2,
  );

  it('begins anew, and says so, when it could not hear of withdrawals any more', async () => {
    const server = await serve();
    server.put(indicator(1), indicator(2));
    const kept = await pullInto(nothingKept(), connect(server));
    server.put(indicator(1, { last_updated: SECOND + 60, descriptors: [] }));
    const later = NOW + 95 * DAY;
    server.http.now = () => later;
    // Eighty-four days would still have told it.
    const withinReach = await pullInto(
      { ...kept, entries: new Map(kept.entries) },
      connect(server, 1, () => NOW + 84 * DAY),
    );
    expect(withinReach.entries.size).toBe(2);
    await pullInto(
      kept,
      connect(server, 1, () => later),
    );
    expect([...kept.entries.keys()]).toEqual(['7002']);
  });

  it('tells nothing of a page that is not what it should be, and goes on where it was', async () => {
    const server = await serve();
    for (let n = 1; n <= 6; n++) server.put(indicator(n));
    const next = (url: string) => jsonChanged((page) => ({ ...page, paging: { next: url } }));
    for (const [fault, code] of [
      ...JSON_FAULTS,
      [FAULTS.unauthorised, 'source-refused'],
      [{ reply: refusal(400, 190, 'OAuthException') }, 'source-refused'],
      [{ reply: refusal(403, 4) }, 'source-unreachable'],
      [{ reply: refusal(400, 17) }, 'source-unreachable'],
      [next('https://example.org/v21.0/998877/threat_updates?after=a'), 'source-malformed'],
      [next(`${server.base}/998876/threat_updates?after=a`), 'source-malformed'],
      [next(`${server.base}/998877/threat_updates`), 'source-malformed'],
      [next('nonsense'), 'source-malformed'],
    ] as const) {
      server.http.fault = () => undefined;
      const kept = await pullInto(nothingKept(), connect(server, 2), 1);
      const { checkpoint } = kept;
      server.http.fault = () => fault;
      await expect(pullInto(kept, connect(server, 2)), JSON.stringify(fault)).rejects.toMatchObject({ code });
      expect([kept.entries.size, kept.checkpoint]).toEqual([2, checkpoint]);
      server.http.fault = () => undefined;
      await pullInto(kept, connect(server, 2));
      expect(kept.entries.size).toBe(6);
    }
  });

  it('keeps its token out of checkpoints and errors, though the source writes it into its pages', async () => {
    const server = await serve();
    for (let n = 1; n <= 6; n++) server.put(indicator(n));
    const secret = ThreatExchangeServer.token.slice(9);
    const kept = await pullInto(nothingKept(), connect(server, 2), 1);
    expect(JSON.stringify(kept.checkpoint)).toContain('after=');
    expect(JSON.stringify(kept.checkpoint)).not.toContain(secret);
    for (const fault of [...JSON_FAULTS.map(([one]) => one), FAULTS.unauthorised]) {
      server.http.fault = () => fault;
      const error: unknown = await pullInto(kept, connect(server, 2)).catch((thrown: unknown) => thrown);
      const told: string[] = [];
      for (let one = error as Error | undefined; one instanceof Error; one = one.cause as Error | undefined) {
        told.push(String(one), one.stack ?? '', JSON.stringify(one));
      }
      expect(told.length).toBeGreaterThan(0);
      expect(told.join('\n')).not.toContain(secret);
    }
  });

  it('is not taken past what is still to come by one record of a wrong time', async () => {
    const server = await serve();
    server.put(indicator(1), indicator(2, { last_updated: SECOND + 400 * 86_400 }));
    const kept = await pullInto(nothingKept(), connect(server));
    server.put(indicator(3, { last_updated: SECOND + 30 }));
    await pullInto(kept, connect(server));
    expect(kept.entries.size).toBe(3);
  });

  it('reacts to what others say, once, and takes the other reaction back', async () => {
    const server = await serve();
    const { app } = ThreatExchangeServer;
    server.put(
      indicator(1, {
        descriptors: [
          { id: '901', owner: '55', status: 'MALICIOUS' },
          { id: '902', owner: app, status: 'MALICIOUS' },
          { id: '903', owner: '56', status: 'UNKNOWN' },
        ],
      }),
      indicator(2, { descriptors: [{ id: '904', owner: app, status: 'MALICIOUS' }] }),
    );
    const signal = AbortSignal.timeout(TIME_LIMIT);
    const about = { entryId: '7001', signal: 'pdq', value: '' };
    const posted = () => server.http.asked.filter(({ method }) => method === 'POST').length;
    for (const _ of [1, 2]) await connect(server).feedback?.({ ...about, opinion: 'confirmed' }, signal);
    expect(server.reactions).toEqual(new Map(['901', '903'].map((id) => [id, new Set(['HELPFUL'])])));
    expect(posted()).toBe(2);
    await connect(server).feedback?.({ ...about, opinion: 'refuted' }, signal);
    expect(server.reactions).toEqual(new Map(['901', '903'].map((id) => [id, new Set(['NOT_HELPFUL'])])));
    for (const [entryId, code] of [
      ['7002', 'feedback-not-taken'],
      ['../1', 'feedback-not-taken'],
      ['7009', 'source-refused'],
    ] as const) {
      const telling = connect(server).feedback?.({ ...about, entryId, opinion: 'refuted' }, signal);
      await expect(telling).rejects.toMatchObject({ code });
    }
  });

  it('tells what the group is called, and who is not let in', async () => {
    const server = await serve();
    const signal = AbortSignal.timeout(TIME_LIMIT);
    expect(await connect(server).test(signal)).toEqual({ group: 'Friends of the harbour' });
    const stranger = connect(server, 1, () => NOW, '12345678|abcdefghijklmnopqrstuvw');
    await expect(stranger.test(signal)).rejects.toMatchObject({ code: 'source-refused' });
  });
});
