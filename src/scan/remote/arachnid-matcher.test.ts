import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../../../bench/pictures.js';
import { DEFAULTS } from '../../config.js';
import { MatchIndex } from '../../index/match-index.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import { EphemeralLists } from '../../lists/ephemeral.js';
import { FAULTS, type FaultServer } from '../../lists/sources/testing/fault-server.js';
import { MediaPool } from '../../media/pool.js';
import { GuardedClient } from '../../net/guarded-client.js';
import { Scanner } from '../scanner.js';
import { ArachnidMatcher, type ArachnidOptions } from './arachnid-matcher.js';
import { openArachnidServer } from './testing/arachnid-server.js';

const WHO = { user: 'platform', password: 'correct horse: battery' };
const base64 = (hash: Uint8Array) => Buffer.from(hash).toString('base64');

describe('ArachnidMatcher', () => {
  const known = new Map<string, { classification: string; match: 'exact' | 'near' }>();
  let server: FaultServer;
  let matcher: ArachnidMatcher;
  let now: number;
  let told: string[];
  let outcomes: string[];
  const matcherWith = (options: Partial<ArachnidOptions> = {}): ArachnidMatcher =>
    new ArachnidMatcher({
      ...{ ...WHO, url: server.origin, everyMs: 0, waitMs: 20_000 },
      client: new GuardedClient({ allow: ['127.0.0.1'] }),
      counted: (outcome) => outcomes.push(outcome),
      onOpen: (code) => told.push(code),
      onClose: () => told.push('closed'),
      now: () => now,
      ...options,
    });

  beforeEach(async () => {
    known.clear();
    [now, told, outcomes] = [1_000_000, [], []];
    server = await openArachnidServer(known, WHO);
    matcher = matcherWith();
  });
  afterEach(async () => {
    await matcher.close();
    await server[Symbol.asyncDispose]();
  });

  it('sends what comes together in few requests, and nothing but hashes', async () => {
    const hashes = Array.from({ length: 60 }, () => randomBytes(32));
    const [exact, near, , harmful] = hashes as [Buffer, Buffer, Buffer, Buffer];
    known.set(base64(exact), { classification: 'csam', match: 'exact' });
    known.set(base64(near), { classification: 'csam', match: 'near' });
    known.set(base64(harmful), { classification: 'harmful-abusive-material', match: 'exact' });
    const answers = (await Promise.all(hashes.map((hash) => matcher.ask([hash])))).flat();
    expect(answers.slice(0, 4)).toEqual([
      { classification: 'csam', exact: true },
      { classification: 'csam', exact: false },
      undefined,
      { classification: 'harmful-abusive-material', exact: true },
    ]);
    expect(answers.slice(4).every((answer) => answer === undefined)).toBe(true);
    expect(server.asked.map(({ body }) => Object.keys(JSON.parse(body)))).toEqual([['hashes'], ['hashes']]);
    expect(outcomes.filter((outcome) => outcome === 'known')).toHaveLength(3);
    expect(told).toEqual([]);
  });

  it('answers with nothing when it refuses, tells people once, and is asked again later', async () => {
    const hash = randomBytes(32);
    known.set(base64(hash), { classification: 'csam', match: 'near' });
    server.fault = (_, count) => (count < 2 ? FAULTS.forbidden : undefined);
    expect(await matcher.ask([hash])).toEqual([undefined]);
    expect(await matcher.ask([hash])).toEqual([undefined]);
    expect([server.asked.length, told, outcomes]).toEqual([1, ['source-refused'], ['failed', 'dropped']]);
    now += 600_001;
    await matcher.ask([hash]);
    now += 600_001;
    expect(await matcher.ask([hash])).toEqual([{ classification: 'csam', exact: false }]);
    expect(told).toEqual(['source-refused', 'closed']);
  });

  it('stays away for as long as it is told', async () => {
    server.fault = (_, count) => (count === 0 ? FAULTS.tooMany : undefined);
    await matcher.ask([randomBytes(32)]);
    now += 119_999;
    await matcher.ask([randomBytes(32)]);
    expect(server.asked).toHaveLength(1);
    now += 2;
    await matcher.ask([randomBytes(32)]);
    expect(server.asked).toHaveLength(2);
    expect([outcomes, told]).toEqual([['failed', 'dropped', 'unknown'], []]);
  });

  it.each([
    ['broken', FAULTS.broken],
    ['html', FAULTS.html],
    ['unnamed html', FAULTS.htmlUnnamed],
    ['a broken connection', 'break'],
    ['half an answer', { cutTo: 20, honest: true }],
    ['an answer that leaves hashes out', { reply: { status: 200, body: '{"scanned_hashes":{}}' } }],
  ] as const)('opens its circuit after five answers of %s', async (_name, fault) => {
    server.fault = () => fault;
    for (let i = 0; i < 6; i++) {
      expect(await matcher.ask([randomBytes(32)])).toEqual([undefined]);
      now += 600_001;
    }
    expect(told).toHaveLength(1);
    server.fault = () => undefined;
    await matcher.ask([randomBytes(32)]);
    expect(told[1]).toBe('closed');
  });

  it('waits no longer than it may, holds no more than it may, and ends with the signal', async () => {
    server.fault = () => 'hang';
    const own = matcherWith({ waitMs: 50, mostWaiting: 1 });
    expect(await own.ask([randomBytes(32), randomBytes(32)])).toEqual([undefined, undefined]);
    expect(outcomes.toSorted()).toEqual(['dropped', 'late']);
    await own.close();
    const stop = new AbortController();
    const asking = matcher.ask([randomBytes(32)], stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asking).rejects.toThrow('stopped');
  });

  it('is asked by a scan about what is public and known to nobody here, and never spoils a verdict', async () => {
    const pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
    try {
      const picture = await photographLikeJpeg(320, 240, 7);
      const lists = new EphemeralLists(new MatchIndex({ pool: new MemoryPool() }), new Map());
      const scanner = new Scanner({ lists, pool, remote: matcher, maximumBytes: 2 ** 22, cacheBytes: 2 ** 20 });
      expect(await scanner.scan(picture)).toMatchObject({ verdict: 'no-match', reason: 'nothing-known' });
      expect(server.asked).toHaveLength(0);
      expect(await scanner.scan(picture, { public: true })).toMatchObject({ reason: 'nothing-known' });
      const [hash] = JSON.parse(server.asked[0]?.body ?? '').hashes;
      const scan = async (classification: string, match: 'exact' | 'near') => {
        known.set(hash, { classification, match });
        return await scanner.scan(picture, { public: true });
      };
      const common = { list: 'arachnid', version: 0, signal: 'pdq', view: 'as-is', across: 'same-kind' };
      expect(await scan('csam', 'near')).toMatchObject({
        ...{ verdict: 'match', reason: null, total: 1 },
        matches: [{ ...common, entry: 'csam', distance: null, extent: 'partial' }],
      });
      expect((await scan('csam', 'exact')).matches).toMatchObject([{ distance: 0, extent: 'full' }]);
      expect((await scan('harmful-abusive-material', 'exact')).matches).toMatchObject([{ extent: 'partial' }]);
      server.fault = () => 'break';
      expect(await scanner.scan(picture, { public: true })).toMatchObject({ verdict: 'no-match', matches: [] });
      await lists.close();
    } finally {
      await pool.close();
    }
  });
});
