import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../index/entry.js';
import { signalType } from '../../../signals/signal-types.js';
import type { DeltaSource } from '../source.js';
import { FAULTS } from '../testing/fault-server.js';
import { JSON_FAULTS, jsonChanged } from '../testing/json-faults.js';
import { houseOfTests, nothingKept, pullInto } from '../testing/pull-source.js';
import { type ServedTerrorHash, TechAgainstTerrorismServer } from '../testing/tech-against-terrorism-server.js';
import { techAgainstTerrorism } from './tech-against-terrorism.js';

const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
const SECOND = Math.floor(NOW / 1_000);
const TIME_LIMIT = 30_000;

const servers: TechAgainstTerrorismServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(pageSize = 100): Promise<TechAgainstTerrorismServer> {
  const server = await TechAgainstTerrorismServer.open();
  server.http.now = () => NOW;
  server.pageSize = pageSize;
  servers.push(server);
  return server;
}

function connect(server: TechAgainstTerrorismServer, chosen: object = {}, given: object = {}): DeltaSource {
  const settings = techAgainstTerrorism.settings.parse({ baseUrl: server.http.origin, ...chosen });
  const credentials = { ...TechAgainstTerrorismServer.user, ...given };
  return techAgainstTerrorism.open(
    settings,
    credentials,
    houseOfTests(() => NOW),
  ) as DeltaSource;
}

function hash(id: number, more: Partial<ServedTerrorHash> = {}): ServedTerrorHash {
  return {
    ...{ id, hash_digest: id.toString(16).padStart(32, 'A'), algorithm: 'MD5', ideology: 'islamist' },
    ...{ file_type: 'mp4', deleted: false, updated_on: SECOND - 1_000.25 + id, created_on: SECOND - 2_000 },
    ...more,
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

describe('Tech Against Terrorism', () => {
  it('takes every type that we know, with kind and ideology, and counts the others', async () => {
    const server = await serve();
    server.put(
      hash(1),
      hash(2, { algorithm: 'SHA256', hash_digest: 'b'.repeat(64), file_type: 'jpg', ideology: 'far-right' }),
      hash(3, { algorithm: 'PDQ', hash_digest: 'c'.repeat(64), file_type: 'png' }),
      hash(4, { algorithm: 'TMK' }),
      hash(5, { hash_digest: '123abc' }),
      hash(6, { file_type: 'pdf' }),
      hash(7, { deleted: true }),
    );
    const kept = await pullInto(nothingKept(), connect(server));
    expect([...valuesOf(kept.entries)]).toEqual([
      ['1', `md5 ${'1'.padStart(32, 'a')}`],
      ['2', `sha256 ${'b'.repeat(64)}`],
      ['3', `pdq ${'c'.repeat(64)}`],
      ['6', `md5 ${'6'.padStart(32, 'a')}`],
    ]);
    expect(kept.entries.get('1')).toMatchObject({ kind: 'video', grade: 'islamist', added: (SECOND - 2_000) * 1_000 });
    expect(kept.entries.get('2')).toMatchObject({ kind: 'image', grade: 'far-right' });
    expect(kept.entries.get('6')).not.toHaveProperty('kind');
    expect(Object.fromEntries(kept.unused)).toEqual({ TMK: 1 });
    expect(kept.setAside).toEqual([{ reason: 'malformed-signal', where: '5' }]);
    const some = await pullInto(nothingKept(), connect(server, { ideology: 'far-right' }));
    expect([...some.entries.keys()]).toEqual(['2']);
  });

  it('keeps its token from page to page, and takes a new one when that one is over', async () => {
    const server = await serve(2);
    for (let id = 1; id <= 20; id++) server.put(hash(id));
    const source = connect(server);
    const kept = await pullInto(nothingKept(), source);
    await pullInto(kept, source);
    expect([kept.entries.size, server.tokens]).toEqual([20, 1]);
    server.tokenUses = 4;
    const again = await pullInto(nothingKept(), source);
    expect([again.entries.size, server.tokens]).toEqual([20, 4]);
    server.tokenUses = 0;
    await expect(pullInto(kept, source)).rejects.toMatchObject({ code: 'source-refused' });
    const stranger = connect(server, {}, { password: 'other' });
    await expect(stranger.test(AbortSignal.timeout(TIME_LIMIT))).rejects.toMatchObject({ code: 'source-refused' });
    server.tokenUses = 1;
    expect(await connect(server).test(AbortSignal.timeout(TIME_LIMIT))).toEqual({ hashes: '20' });
    expect(connect(server).feedback).toBeUndefined();
  });

  it(
    'gives the same hashes whenever it is killed, while hashes are changed and withdrawn',
    async () => {
      const drawn = fc.record({ id: fc.integer({ min: 1, max: 25 }), deleted: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 4 }),
          fc.integer({ min: 1, max: 5 }),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
          async (steps, pageSize, kills) => {
            await using server = await TechAgainstTerrorismServer.open();
            server.pageSize = pageSize;
            let updated = SECOND - 5_000.5;
            const kept = nothingKept();
            const left = [...kills];
            for (const step of steps) {
              // Several in the same instant, told apart by their ids.
              updated += 1;
              for (const { id, deleted } of step) server.put(hash(id, { deleted, updated_on: updated }));
              await pullInto(kept, connect(server), left.shift() ?? Number.POSITIVE_INFINITY);
            }
            await pullInto(kept, connect(server));
            const expected = [...server.hashes.values()].filter(({ deleted }) => !deleted);
            const texts = expected.map(({ id }) => [String(id), `md5 ${id.toString(16).padStart(32, 'a')}`] as const);
            expect(valuesOf(kept.entries)).toEqual(new Map(texts));
          },
        ),
        { numRuns: 15 },
      );
    },
    TIME_LIMIT * 2,
  );

  it('tells nothing of a page that is not what it should be, and goes on where it was', async () => {
    const server = await serve(2);
    for (let id = 1; id <= 6; id++) server.put(hash(id));
    for (const [fault, code] of [
      ...JSON_FAULTS,
      [FAULTS.unauthorised, 'source-refused'],
      [jsonChanged((page) => ({ ...page, checkpoint: 'later' })), 'source-malformed'],
      [jsonChanged((page) => ({ ...page, checkpoint: '12,1' })), 'source-malformed'],
    ] as const) {
      server.http.fault = () => undefined;
      const kept = await pullInto(nothingKept(), connect(server), 1);
      const { checkpoint } = kept;
      server.http.fault = ({ url }) => (url.pathname.startsWith('/api') ? fault : undefined);
      await expect(pullInto(kept, connect(server)), JSON.stringify(fault)).rejects.toMatchObject({ code });
      expect([kept.entries.size, kept.checkpoint]).toEqual([2, checkpoint]);
      server.http.fault = () => undefined;
      await pullInto(kept, connect(server));
      expect(kept.entries.size).toBe(6);
    }
  });

  it('never moves beyond a clock', async () => {
    const server = await serve();
    server.put(hash(1));
    server.http.fault = ({ url }) =>
      url.pathname.startsWith('/api') ? jsonChanged((page) => ({ ...page, checkpoint: '99999999999,7' })) : undefined;
    const kept = await pullInto(nothingKept(), connect(server));
    server.http.fault = () => undefined;
    server.put(hash(2, { updated_on: SECOND + 60 }));
    await pullInto(kept, connect(server));
    expect([...kept.entries.keys()]).toEqual(['1', '2']);
  });
});
