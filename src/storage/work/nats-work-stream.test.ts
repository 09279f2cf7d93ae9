import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NatsServer, noNats, startNats } from '../../../test/nats.js';
import type { VigieError } from '../../errors.js';
import { parseNatsUrl } from './nats-place.js';
import { NatsWorkStream, type NatsWorkStreamOptions } from './nats-work-stream.js';
import type { Work, WorkStream } from './work-stream.js';

describe('the address of NATS', () => {
  it('is taken apart', () => {
    expect(parseNatsUrl('nats://a%40b:p%3Aw@host:4333, other')).toEqual({
      servers: ['host:4333', 'other:4222'],
      user: 'a@b',
      pass: 'p:w',
    });
    expect(parseNatsUrl('tls://secret@host')).toEqual({ servers: ['host:4222'], token: 'secret', tls: {} });
  });

  it('is never told when it cannot be read', () => {
    for (const text of ['http://user:geheim@host', 'nats://user:geheim@', 'nats://user:geheim@ho st']) {
      const refused = catching(() => parseNatsUrl(text));
      expect(refused).toMatchObject({ code: 'usage' });
      expect(JSON.stringify([refused, String(refused)])).not.toContain('geheim');
    }
  });
});

describe.skipIf(noNats !== undefined)(`NATS JetStream ${noNats ?? ''}`, () => {
  let server: NatsServer;
  const opened: WorkStream[] = [];

  beforeEach(async () => {
    server = await startNats();
  });
  afterEach(async () => {
    for (const stream of opened.splice(0)) await stream.close();
    await server.stop();
  });

  const open = async (options: Partial<NatsWorkStreamOptions> = {}): Promise<NatsWorkStream> => {
    const stream = await NatsWorkStream.open({
      url: server.url,
      stream: `t-${randomBytes(4).toString('hex')}`,
      ...options,
    });
    opened.push(stream);
    return stream;
  };

  it('may be away at the start, and is used when it comes', async () => {
    await server.crash();
    const troubles: VigieError[] = [];
    const stream = await open({
      url: server.url.replace('//', '//geheim@'),
      onTrouble: (error) => troubles.push(error),
    });
    await expect(stream.publish([{ id: 'a', lane: 'live' }])).rejects.toMatchObject({ code: 'stream-unavailable' });
    await expect(take(stream)).rejects.toMatchObject({ code: 'stream-unavailable', retryAfter: 1 });
    await expect(stream.depth()).rejects.toMatchObject({ code: 'stream-unavailable' });
    expect(troubles[0]).toMatchObject({ code: 'stream-unavailable' });
    expect(JSON.stringify(troubles.map((error) => [error, error.message, error.cause]))).not.toContain('geheim');
    await server.restart();
    await untilIt(async () => stream.publish([{ id: 'a', lane: 'live' }]));
    expect((await take(stream))[0]?.id).toBe('a');
  });

  it('makes its stream again on a server that has lost it', async () => {
    const stream = await open();
    await stream.publish([{ id: 'a', lane: 'live' }]);
    const { url } = server;
    await server.crash();
    await server.wipe();
    await server.restart();
    expect(server.url).toBe(url);
    // What was lost is the intake's to publish again: it is in the database.
    await untilIt(() => stream.publish([{ id: 'a', lane: 'live' }]));
    expect((await take(stream))[0]?.id).toBe('a');
  });

  it('gives nobody more than may be held unfinished, and goes on when something is done', async () => {
    const name = { stream: `t-${randomBytes(4).toString('hex')}`, mostUnfinished: 5 };
    const [one, other] = [await open(name), await open(name)];
    await one.publish(Array.from({ length: 20 }, (_, i) => ({ id: `p${i}`, lane: 'live' as const })));
    const held = await take(one, 20);
    expect(held).toHaveLength(5);
    expect(await take(other, 20, 0)).toEqual([]);
    await held[0]?.ack();
    await held[1]?.ack();
    const more: Work[] = [];
    while (more.length < 2) more.push(...(await take(other, 20)));
    expect(more).toHaveLength(2);
  });

  it('takes a new bound over when it is started again with another', async () => {
    const stream = `t-${randomBytes(4).toString('hex')}`;
    await open({ stream, most: 1 });
    const wider = await open({ stream, most: 3, leaseMs: 2000 });
    await wider.publish(['a', 'b', 'c'].map((id) => ({ id, lane: 'backfill' as const })));
    await expect(wider.publish([{ id: 'd', lane: 'live' }])).rejects.toMatchObject({ code: 'queue-full' });
    expect(await wider.depth()).toEqual({ live: 0, backfill: 3 });
  });
});

function take(stream: WorkStream, most = 1, waitMs = 10_000): Promise<readonly Work[]> {
  return stream.take({ most, waitMs, signal: new AbortController().signal });
}

async function untilIt(works: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await works();
    } catch (error) {
      if (tries === 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function catching(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
