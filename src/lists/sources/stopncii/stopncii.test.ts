import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { signalType } from '../../../signals/signal-types.js';
import type { DeltaSource } from '../source.js';
import { FAULTS } from '../testing/fault-server.js';
import { JSON_FAULTS, jsonChanged } from '../testing/json-faults.js';
import { houseOfTests, nothingKept, pullInto } from '../testing/pull-source.js';
import { type ServedHash, StopNciiServer } from '../testing/stopncii-server.js';
import { stopncii } from './stopncii.js';

const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
const SECOND = Math.floor(NOW / 1_000);
const TIME_LIMIT = 30_000;

const servers: StopNciiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(): Promise<StopNciiServer> {
  const server = await StopNciiServer.open();
  server.http.now = () => NOW;
  servers.push(server);
  return server;
}

function connect(server: StopNciiServer, pageSize = 800, now = () => NOW, keys: object = StopNciiServer.keys) {
  const settings = stopncii.settings.parse({ baseUrl: server.base, pageSize });
  const credentials = stopncii.credentials?.parse(keys) as typeof StopNciiServer.keys;
  return stopncii.open(settings, credentials, houseOfTests(now)) as DeltaSource;
}

function pdq(n: number): string {
  return (n + 1).toString(16).padStart(64, 'B');
}

function hash(n: number, more: Partial<ServedHash> = {}): ServedHash {
  const lastModtimestamp = SECOND - 1_000 + n;
  return { signalType: 'ImagePDQ', hashValue: pdq(n), hashStatus: 'Active', lastModtimestamp, ...more };
}

function valuesOf(entries: Iterable<Entry>): readonly string[] {
  return Array.from(entries, ({ signals }) =>
    signals.map(({ type, value }) => `${type} ${signalType(type).format(value)}`).join(),
  ).sort();
}

describe('StopNCII', () => {
  it('takes hashes of pictures and videos, in either case, and counts what is none of ours', async () => {
    const server = await serve();
    const CSPFeedbacks = [
      { source: 'Harbour', feedbackValue: 'Blocked' },
      { source: 'Quay', feedbackValue: 'NotBlocked' },
      { source: 'Pier', feedbackValue: 'PendingReview' },
    ];
    server.put(
      hash(1, { CSPFeedbacks }),
      hash(2, { hashStatus: 'Received', signalType: 'VideoMD5', hashValue: 'C'.repeat(32) }),
      hash(3, { signalType: 'VideoTMK' }),
      hash(4, { signalType: 'URL', hashValue: 'https://example.org/' }),
      hash(5, { hashValue: pdq(5).slice(1) }),
      hash(6, { hashStatus: 'Paused' }),
    );
    const kept = await pullInto(nothingKept(), connect(server));
    expect(valuesOf(kept.entries.values())).toEqual([`md5 ${'c'.repeat(32)}`, `pdq ${pdq(1).toLowerCase()}`]);
    const [picture] = [...kept.entries.values()].filter(({ kind }) => kind === 'image');
    expect(picture?.opinions).toEqual([
      { member: 'Quay', affirmative: false },
      { member: 'Harbour', affirmative: true },
    ]);
    expect(picture?.id).toMatch(/^x[0-9a-f]{24}$/);
    expect(Object.fromEntries(kept.unused)).toEqual({ VideoTMK: 1, URL: 1 });
    expect(kept.setAside.map(({ reason }) => reason).sort()).toEqual(['malformed-signal', 'unknown-status']);
  });

  it('takes out what is withdrawn or deleted, however it is written, and takes it in again', async () => {
    const server = await serve();
    server.put(hash(1), hash(2), hash(3));
    const kept = await pullInto(nothingKept(), connect(server));
    const change = async (...hashes: readonly ServedHash[]) => {
      server.put(...hashes);
      await pullInto(kept, connect(server));
      return kept.entries.size;
    };
    const lastModtimestamp = SECOND;
    expect(kept.entries.size).toBe(3);
    expect(await change(hash(1, { hashStatus: 'Withdrawn', hashValue: pdq(1).toLowerCase(), lastModtimestamp }))).toBe(
      2,
    );
    expect(await change(hash(2, { hashStatus: 'Deleted', lastModtimestamp }), hash(9, { hashStatus: 'Deleted' }))).toBe(
      1,
    );
    expect(await change(hash(2, { lastModtimestamp }))).toBe(2);
  });

  it(
    'gives the same hashes whenever it is killed',
    async () => {
      const drawn = fc.record({
        n: fc.integer({ min: 0, max: 30 }),
        ago: fc.integer({ min: 0, max: 20 }),
        hashStatus: fc.constantFrom('Active', 'Received', 'Withdrawn'),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 4 }),
          fc.integer({ min: 2, max: 5 }),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
          fc.boolean(),
          async (steps, pageSize, kills, inclusive) => {
            await using server = await StopNciiServer.open();
            let now = NOW;
            server.http.now = () => now;
            server.inclusive = inclusive;
            const kept = nothingKept();
            const left = [...kills];
            for (const step of steps) {
              now += 10_000;
              // Whatever is changed is changed now, and some of it in a second that was read already.
              for (const { n, ago, hashStatus } of step) {
                server.put(hash(n, { hashStatus, lastModtimestamp: Math.floor(now / 1_000) - (ago % 2) }));
              }
              await pullInto(
                kept,
                connect(server, pageSize, () => now),
                left.shift() ?? Number.POSITIVE_INFINITY,
              );
              if (kills.length % 2 === 0) server.forgetTokens();
            }
            await pullInto(
              kept,
              connect(server, pageSize, () => now),
            );
            const expected = server.hashes.filter(({ hashStatus }) => hashStatus !== 'Withdrawn');
            expect(valuesOf(kept.entries.values())).toEqual(
              expected.map(({ hashValue }) => `pdq ${hashValue.toLowerCase()}`).sort(),
            );
          },
        ),
        { numRuns: 15 },
      );
    },
    TIME_LIMIT * 2,
  );

  it('tells nothing of a page that is not what it should be, and goes on where it was', async () => {
    const server = await serve();
    for (let n = 1; n <= 6; n++) server.put(hash(n));
    for (const [fault, code] of [
      ...JSON_FAULTS,
      [FAULTS.unauthorised, 'source-refused'],
      [jsonChanged((page) => ({ ...page, hasMoreRecords: true, nextPageToken: '' })), 'source-malformed'],
      [jsonChanged((page) => ({ ...page, nextSetTimestamp: 'soon' })), 'source-malformed'],
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
    const page = { count: 0, nextPageToken: 'same', nextSetTimestamp: SECOND, hasMoreRecords: true, hashRecords: [] };
    const reply = { status: 200, contentType: 'application/json', body: JSON.stringify(page) };
    server.http.fault = () => ({ reply });
    await expect(pullInto(nothingKept(), connect(server, 2))).rejects.toMatchObject({ code: 'source-malformed' });
  });

  it('sets malformed records aside and takes the rest', async () => {
    const server = await serve();
    server.put(hash(1), hash(2));
    server.http.fault = () =>
      jsonChanged((page) => ({ ...page, hashRecords: [null, 7, { hashValue: 3 }, ...(page['hashRecords'] as [])] }));
    const kept = await pullInto(nothingKept(), connect(server));
    expect(kept.entries.size).toBe(2);
    expect(kept.setAside.map(({ where }) => where)).toEqual([1, 2, 3].map((n) => `record ${n} of the page`));
  });

  it('never moves beyond a clock, nor back', async () => {
    const server = await serve();
    server.put(hash(1));
    server.http.fault = () => jsonChanged((page) => ({ ...page, nextSetTimestamp: SECOND + 86_400 }));
    const kept = await pullInto(nothingKept(), connect(server));
    server.http.fault = () => undefined;
    server.put(hash(2, { lastModtimestamp: SECOND + 60 }));
    await pullInto(kept, connect(server));
    expect(kept.entries.size).toBe(2);
    const start = () => server.http.asked.at(-1)?.url.searchParams.get('startTimestamp');
    expect(Number(start())).toBeLessThanOrEqual(SECOND);
    server.http.fault = () => jsonChanged((page) => ({ ...page, nextSetTimestamp: 0 }));
    await pullInto(kept, connect(server));
    await pullInto(kept, connect(server));
    expect(Number(start())).toBeGreaterThan(SECOND - 10);
  });

  it('begins anew after a month, and what is not told again is gone', async () => {
    const server = await serve();
    server.put(hash(1), hash(2));
    const kept = await pullInto(nothingKept(), connect(server));
    server.hashes.splice(0, 1);
    await pullInto(
      kept,
      connect(server, 1, () => NOW + 29 * 86_400_000),
    );
    expect(kept.entries.size).toBe(2);
    await pullInto(
      kept,
      connect(server, 1, () => NOW + 61 * 86_400_000),
    );
    expect(kept.entries.size).toBe(1);
  });

  it('tells what became of a match, and has no feedback without the key for it', async () => {
    const server = await serve();
    server.put(hash(1));
    const signal = AbortSignal.timeout(TIME_LIMIT);
    const about = { entryId: 'x', signal: 'pdq', value: pdq(1).toLowerCase() };
    for (const [opinion, value] of [
      ['confirmed', 'Blocked'],
      ['refuted', 'NotBlocked'],
      ['refuted', 'NotBlocked'],
    ] as const) {
      await connect(server).feedback?.({ ...about, opinion }, signal);
      expect(server.feedback.get(about.value)).toBe(value);
    }
    const telling = connect(server).feedback?.({ ...about, opinion: 'confirmed', signal: 'sha256' }, signal);
    await expect(telling).rejects.toMatchObject({ code: 'feedback-not-taken' });
    const { subscriptionKey, fetchKey } = StopNciiServer.keys;
    expect(connect(server, 1, () => NOW, { subscriptionKey, fetchKey }).feedback).toBeUndefined();
    await expect(
      connect(server, 1, () => NOW, { subscriptionKey, fetchKey: 'wrong' }).test(signal),
    ).rejects.toMatchObject({ code: 'source-refused' });
    expect(await connect(server).test(signal)).toEqual({ hashes: 'there are some' });
  });
});
