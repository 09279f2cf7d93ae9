import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Fault, FaultServer } from '../testing/fault-server.js';
import { houseOfTests } from '../testing/pull-source.js';
import { ask, type Question } from './ask.js';
import { readJson } from './read-json.js';

const NOW = Date.UTC(2026, 10, 25, 3, 0, 0);
const servers: FaultServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function askOnce(fault: Fault | undefined, more: Partial<Question<unknown>> = {}): Promise<unknown> {
  const server = await FaultServer.open(() => ({ status: 200, contentType: 'application/json', body: '{"a":1}' }));
  servers.push(server);
  server.now = () => NOW - 7_000;
  server.fault = () => fault;
  const read: Question<unknown>['read'] = async (answer) => ({
    ...(await readJson(answer, z.object({ a: z.number() }))),
    now: answer.sourceNow,
  });
  const stop = AbortSignal.timeout(30_000);
  return await ask(
    houseOfTests(() => NOW),
    `${server.origin}/x?key=secret`,
    { read, ...more },
    stop,
  ).catch((thrown: unknown) => thrown);
}

const replied = (status: number, headers: Record<string, string> = {}): Fault => ({
  reply: { status, headers, body: '{"a":1}' },
});

describe('asking a source', () => {
  it('reads the answer and the clock of the source, ours where it has none', async () => {
    expect(await askOnce(undefined)).toEqual({ a: 1, now: NOW - 7_000 });
    expect(await askOnce(replied(200, { date: 'some day' }))).toEqual({ a: 1, now: NOW });
  });

  it('tells who is refused from who is to come later, and believes no wait of more than a day', async () => {
    for (const status of [400, 401, 403, 404, 451]) {
      expect(await askOnce(replied(status))).toMatchObject({ code: 'source-refused' });
    }
    for (const status of [408, 425, 429, 500, 502, 503, 504]) {
      expect(await askOnce(replied(status))).toMatchObject({ code: 'source-unreachable', retryAfter: undefined });
    }
    const inAMinute = new Date(NOW + 60_000).toUTCString();
    for (const [text, seconds] of [
      ['3600', 3_600],
      ['999999999', 86_400],
      [inAMinute, 60],
      ['soon', undefined],
    ] as const) {
      const retryAfter = replied(429, { 'retry-after': text });
      expect(await askOnce(retryAfter)).toMatchObject({ code: 'source-unreachable', retryAfter: seconds });
    }
  });

  it('ends at its bounds of size and time, and takes no coding that it did not ask for', async () => {
    const endless: Fault = { reply: { status: 200, body: Buffer.alloc(65 << 20, ' ') } };
    expect(await askOnce(endless)).toMatchObject({
      code: 'source-malformed',
      detail: expect.stringContaining('an answer of more than'),
    });
    expect(await askOnce('hang', { timeoutMs: 300 })).toMatchObject({ code: 'source-unreachable' });
    const coded = replied(200, { 'content-encoding': 'gzip' });
    expect(await askOnce(coded)).toMatchObject({ code: 'source-malformed' });
  });

  it('lets a refusal stand for something else, and says nothing of the address in an error', async () => {
    const instead = async (status: number, text: () => Promise<string>) =>
      status === 404 ? { value: await text() } : undefined;
    expect(await askOnce(replied(404), { instead })).toBe('{"a":1}');
    expect(await askOnce(replied(410), { instead })).toMatchObject({ code: 'source-refused' });
    for (const fault of [replied(410), 'break', { cutTo: 3, honest: false }] as const) {
      const error = (await askOnce(fault)) as Error;
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('secret');
    }
  });

  it('does not ask addresses that must not be asked', async () => {
    const stop = AbortSignal.timeout(30_000);
    const read = async () => 1;
    const asking = ask(houseOfTests(), 'http://10.1.2.3/', { read }, stop);
    await expect(asking).rejects.toMatchObject({ code: 'url-forbidden' });
  });
});
