/** From a match to a receiver, and from a failure to somebody who deals with it: over HTTP and by the commands. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Receiver } from '../src/effects/testing/receiver.js';
import { verifySignature } from '../src/effects/webhook-signature.js';
import { dataDirWithAttention } from './attention-left.js';
import { vigie } from './command.js';
import { type RunningService, startService } from './service.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const lighthouse = fileURLToPath(new URL('../samples/pictures/lighthouse.jpg', import.meta.url));

describe('effects and attention of a running service', () => {
  let service: RunningService;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await Receiver.open();
    const data = await dataDirWithAttention();
    service = await startService({ data, args: ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1'] });
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
  });

  const run = async (...args: string[]) => await vigie([...args, '--data', service.data], '');
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--format', 'json')).stdout);
  const scanLighthouse = async (): Promise<string> => {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await service.call('POST', '/v1/scan', await readFile(lighthouse), headers);
    const { verdict, scan, ms } = (await answer.json()) as {
      verdict: string;
      scan: string;
      ms: Record<string, number>;
    };
    expect(verdict).toBe('match');
    for (const each of Object.values(ms)) expect(each).toBe(Number(each.toFixed(1)));
    return scan;
  };

  it('tells of a match, brings up a receiver that refuses, and goes on when somebody has dealt with it', async () => {
    const added = await run('webhook', 'add', 'moderation', receiver.url, '--type', 'match.found');
    expect(added.code).toBe(0);
    const secret = added.stdout.trim();
    expect(secret).toMatch(/^whsec_/);
    const [{ id: webhook, host }] = (await json('webhook', 'ls')) as [{ id: string; host: string }];
    expect(host).toBe(new URL(receiver.url).host);

    expect((await run('webhook', 'test', webhook)).stderr).toContain('has taken the test message');
    const scan = await scanLighthouse();
    await vi.waitFor(() => expect(receiver.received).toHaveLength(2), { timeout: 20_000 });
    const [test, match] = receiver.received.map(({ headers, body }) => {
      verifySignature({ headers, body, secret });
      return JSON.parse(body) as { type: string; data: object };
    });
    expect(test).toMatchObject({ type: 'webhook.test' });
    expect(match).toMatchObject({ type: 'match.found', data: { scan, matches: [{ list: 'sample', version: 1 }] } });
    const entries = await service.call('GET', '/v1/effects?state=delivered');
    expect(await entries.json()).toMatchObject({
      effects: expect.arrayContaining([expect.objectContaining({ kind: 'webhook', attempts: 1 })]),
      counts: { pending: 0 },
    });

    receiver.answer = (response) => response.writeHead(404).end();
    const refused = await run('webhook', 'test', webhook);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('[effect-refused]');
    receiver.answer = (response) => response.writeHead(302, { location: receiver.url }).end();
    expect((await run('webhook', 'test', webhook)).stderr).toContain('status 302; redirects are not followed');
    // That a receiver refuses is told to who asked; nothing is wrong in here.
    expect(service.log()).not.toContain('request failed');
    receiver.answer = (response) => response.writeHead(404).end();
    await scanLighthouse();
    // It waits for its next attempt; a person does not.
    const waiting = await vi.waitFor(
      async () => {
        const answer = await service.call('GET', '/v1/effects?state=pending');
        const { effects } = (await answer.json()) as { effects: { id: string; attempts: number; inFlight: boolean }[] };
        const found = effects.find(({ attempts, inFlight }) => attempts > 0 && !inFlight);
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 20_000 },
    );
    expect((await run('effects', 'give-up', waiting?.id ?? '', '--reason', 'a test')).code).toBe(0);
    expect(await json('effects', 'ls', '--state', 'given-up')).toHaveLength(1);
    expect((await run('webhook', 'rm', webhook)).code).toBe(0);
    expect((await run('webhook', 'rm', webhook)).stderr).toContain('[webhook-not-found]');
    expect((await run('effects', 'retry', 'none')).stderr).toContain('[effect-not-found]');
  });

  it('shows what needs somebody, who deals with it, and gives the alarm', async () => {
    type Shown = { id: string; kind: string; state: string; overdue: boolean; backlog: number };
    const shown = (await json('attention', 'ls')) as Shown[];
    expect(shown.map(({ kind, overdue, backlog }) => [kind, overdue, backlog])).toEqual([
      ['disk-low', true, 0],
      ['could-not-tell', false, 2],
    ]);
    await vi.waitFor(() => expect(service.log()).toContain('overdue: The disk is nearly full'), { timeout: 20_000 });
    const [disk, told] = shown.map(({ id }) => id) as [string, string];
    expect((await run('attention', 'ls')).stdout).toMatch(/The disk is nearly full +node:old +elsewhere/);
    expect(service.log()).not.toContain('leftOut');
    const next = async (id: string) => {
      const shownOne = await run('attention', 'show', id);
      expect(shownOne).toMatchObject({ code: 0, stderr: '' });
      return /^next +(.*)$/m.exec(shownOne.stdout)?.[1];
    };
    expect(await next(disk)).toBe(`vigie doctor; then vigie attention resolve ${disk}`);
    expect(await next(told)).toBe(`vigie attention replay ${told} (when the cause is gone: vigie doctor)`);

    expect((await run('attention', 'acknowledge', disk, '--note', 'ordered a larger one')).code).toBe(0);
    expect((await run('attention', 'show', disk)).stdout).toMatch(
      /state +acknowledged by .*\n[\s\S]*note +ordered a larger one/,
    );
    expect((await run('attention', 'resolve', disk)).stderr).toContain('is resolved');
    expect((await run('attention', 'replay', told)).stderr).toContain('2 items are looked at again');
    expect(await json('attention', 'ls')).toEqual([]);
    expect(((await json('attention', 'ls', '--state', 'resolved')) as Shown[]).map(({ id }) => id).sort()).toEqual(
      [disk, told].sort(),
    );
    for (const act of ['show', 'ack', 'resolve', 'replay']) {
      expect((await run('attention', act, 'none')).stderr).toContain('[attention-not-found]');
    }
    const events = await service.call('GET', '/v1/audit/events?limit=50').then(async (answer) => await answer.text());
    for (const kind of ['webhook.created', 'attention.acknowledged', 'attention.replayed', 'effect.given-up'])
      expect(events).toContain(kind);
  });
});
