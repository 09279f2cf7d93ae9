import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VigieError } from '../../errors.js';
import { STREAMS, type TestStreams } from './testing/streams.js';
import type { TakeOptions, Work, WorkPiece, WorkStream } from './work-stream.js';

const LEASE_MS = 1500;
/** A queue that is long, and short enough for every run; `npm run soak` has a million. */
const MANY = Number(process.env['VIGIE_SOAK_WORK'] ?? 20_000);

/** What every work stream keeps, whatever it is made of. */
describe.each(STREAMS)('the work stream of $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('keeps its word', () => {
    let streams: TestStreams;
    /** Two processes on the same stream. */
    let stream: WorkStream;
    let other: WorkStream;

    beforeAll(async () => {
      streams = await start();
    });
    afterAll(() => streams?.close());
    beforeEach(async () => {
      [stream, other] = await streams.open({ leaseMs: LEASE_MS, most: 2 * MANY });
    });

    it('delivers what was published, live work first', async () => {
      await stream.publish([...pieces('b', 3, 'backfill'), ...pieces('l', 3, 'live')]);
      const works = await take(other, 10);
      expect(works.map(({ id }) => id)).toHaveLength(6);
      expect(works.slice(0, 3).every(({ lane }) => lane === 'live')).toBe(true);
      expect(new Set(works.map(({ id }) => id))).toEqual(new Set(['l0', 'l1', 'l2', 'b0', 'b1', 'b2']));
      expect(works.every(({ attempt }) => attempt === 1)).toBe(true);
      for (const work of works) await work.ack();
      expect(await take(stream, 1, 0)).toEqual([]);
      await until(async () => (await total(stream)) === 0);
    });

    it('gives backfill a share while there is always live work', async () => {
      await stream.publish([...pieces('l', 200, 'live'), ...pieces('b', 20, 'backfill')]);
      const lanes: string[] = [];
      for (let i = 0; i < 40; i++) for (const work of await take(stream, 4)) lanes.push(work.lane);
      const backfill = lanes.filter((lane) => lane === 'backfill').length;
      expect(backfill).toBeGreaterThanOrEqual(16);
      expect(backfill).toBeLessThanOrEqual(20);
    });

    it('makes one of the same piece told twice, also at once', async () => {
      await Promise.all([stream, other, stream].map((each) => each.publish(pieces('p', 50, 'live'))));
      await stream.publish(pieces('p', 50, 'live'));
      expect(await take(stream, 200)).toHaveLength(50);
      expect(await take(other, 200, 0)).toEqual([]);
    });

    it('takes a piece that was done again, when that is meant', async () => {
      await stream.publish(pieces('p', 1, 'live'));
      await (await takeOne(stream)).ack();
      await stream.publish([{ id: 'p0', lane: 'live', round: 1 }]);
      const again = await takeOne(other);
      expect(again.id).toBe('p0');
      expect(again.attempt).toBe(1);
    });

    it('gives each piece to one of many who take at once', async () => {
      await stream.publish(pieces('p', 300, 'live'));
      const takers = Array.from({ length: 6 }, async (_, i) => {
        const got: string[] = [];
        for (;;) {
          const works = await take(i % 2 === 0 ? stream : other, 17, 0);
          if (works.length === 0) return got;
          for (const work of works) {
            got.push(work.id);
            await work.ack();
          }
        }
      });
      const got = (await Promise.all(takers)).flat();
      expect(got).toHaveLength(300);
      expect(new Set(got).size).toBe(300);
    });

    it('delivers again what a consumer that died held, and not what it had done', async () => {
      await stream.publish(pieces('p', 4, 'live'));
      const held = await take(stream, 4);
      await held[0]?.ack();
      const again = await takeUntil(other, 3);
      expect(again.map(({ id }) => id).sort()).toEqual(
        held
          .slice(1)
          .map(({ id }) => id)
          .sort(),
      );
      expect(again.every(({ attempt }) => attempt === 2)).toBe(true);
    });

    it('leaves a piece to who asks for more time', async () => {
      await stream.publish(pieces('p', 1, 'live'));
      const work = await takeOne(stream);
      const begun = performance.now();
      while (performance.now() - begun < LEASE_MS * 1.5) {
        await work.extend();
        expect(await take(other, 1, LEASE_MS / 5)).toEqual([]);
      }
      await work.ack();
      await until(async () => (await total(stream)) === 0);
    });

    it('tries again when it is told to, not before', async () => {
      await stream.publish(pieces('p', 1, 'live'));
      const begun = performance.now();
      await (await takeOne(stream)).retry(700);
      const again = await takeOne(other);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(690);
      expect(again.attempt).toBe(2);
      await again.retry(0);
      expect((await takeOne(stream)).attempt).toBe(3);
    });

    it('wakes those who wait', async () => {
      const waiting = take(other, 1, 20_000);
      await stream.publish(pieces('p', 1, 'backfill'));
      expect(await waiting).toHaveLength(1);
    });

    it('ends a wait with the reason of the abort', async () => {
      const stop = new AbortController();
      const waiting = stream.take({ most: 1, waitMs: 60_000, signal: stop.signal });
      stop.abort(new VigieError('shutting-down'));
      await expect(waiting).rejects.toMatchObject({ code: 'shutting-down' });
      await expect(take(stream, 1, 0, AbortSignal.abort(new VigieError('shutting-down')))).rejects.toMatchObject({
        code: 'shutting-down',
      });
    });

    it('refuses what is more than may wait, and takes it when there is room', async () => {
      const [small] = await streams.open({ leaseMs: LEASE_MS, most: 10 });
      await small.publish(pieces('p', 10, 'live'));
      const refused = await small.publish(pieces('q', 1, 'live')).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'queue-full', status: 429 });
      expect((refused as VigieError).retryAfter).toBeGreaterThan(0);
      for (const work of await take(small, 10)) await work.ack();
      await until(async () => {
        await small.publish(pieces('q', 1, 'live'));
        return true;
      });
      expect((await takeOne(small)).id).toBe('q0');
    });

    it(`holds ${MANY} pieces, tells how many, and gives all of them out`, async () => {
      for (let i = 0; i < MANY; i += 5000) {
        await stream.publish(pieces(`x${i}-`, Math.min(5000, MANY - i), i % 10_000 === 0 ? 'backfill' : 'live'));
      }
      await until(async () => (await total(other)) === MANY);
      const seen = new Set<string>();
      while (seen.size < MANY) {
        const works = await take(other, 500);
        expect(works.length).toBeGreaterThan(0);
        for (const { id } of works) seen.add(id);
        if (stream.transactional === undefined) await Promise.all(works.map((work) => work.ack()));
        else await streams.transaction((tx) => other.transactional?.ack(tx, works));
      }
      expect(await take(stream, 1, 0)).toEqual([]);
    });

    it('keeps what it has taken through the death of the server', async (context) => {
      const { crash } = streams;
      if (crash === undefined) return context.skip('an embedded database has no server that could die');
      await stream.publish(pieces('p', 500, 'live'));
      const held = await take(stream, 100);
      for (const work of held.slice(0, 50)) await work.ack();
      await crash();
      await expect(
        until(async () => {
          await stream.publish(pieces('lost', 1, 'live'));
          return false;
        }, 1),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^(stream|database)-unavailable$/) });
      await streams.restart?.();
      const left = new Set(Array.from({ length: 500 }, (_, i) => `p${i}`));
      for (const { id } of held.slice(0, 50)) left.delete(id);
      await until(async () => {
        for (const work of await take(other, 100, 1000)) {
          await work.ack();
          left.delete(work.id);
        }
        return left.size === 0;
      });
      await until(async () => {
        await stream.publish(pieces('after', 1, 'live'));
        return true;
      });
    });
  });
});

function pieces(name: string, count: number, lane: WorkPiece['lane']): WorkPiece[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${name}${i}`, lane }));
}

function take(
  stream: WorkStream,
  most: number,
  waitMs = 15_000,
  signal: TakeOptions['signal'] = new AbortController().signal,
): Promise<readonly Work[]> {
  return stream.take({ most, waitMs, signal });
}

async function takeOne(stream: WorkStream): Promise<Work> {
  const [work] = await take(stream, 1);
  if (work === undefined) throw new Error('nothing came');
  return work;
}

async function takeUntil(stream: WorkStream, count: number): Promise<Work[]> {
  const works: Work[] = [];
  while (works.length < count) {
    const more = await take(stream, count - works.length);
    if (more.length === 0) throw new Error('nothing came');
    works.push(...more);
  }
  return works;
}

async function total(stream: WorkStream): Promise<number> {
  const { live, backfill } = await stream.depth();
  return live + backfill;
}

/** Until it holds; what it throws is tried again. @throws the last error, or one of its own, after so many tries */
async function until(holds: () => Promise<boolean>, tries = 150): Promise<void> {
  let failed: unknown;
  for (let i = 0; i < tries; i++) {
    try {
      if (await holds()) return;
      failed = new Error('it does not come to hold');
    } catch (error) {
      failed = error;
    }
    if (i + 1 < tries) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw failed;
}
