import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Receiver } from '../../effects/testing/receiver.js';
import { createWebhookSecret, verifySignature } from '../../effects/webhook-signature.js';
import type { Order } from '../../enforcement/acts.js';
import { houseOfTests, IntakeOfTests } from '../telegram/testing/intake-of-tests.js';
import { webhook } from './webhook.js';
import { type WebhookSettings, webhookCredentials, webhookSettings } from './webhook-settings.js';

const ORDER: Order = {
  id: 'action1',
  act: 'remove',
  target: {
    item: 'post-1',
    room: 'harbour',
    account: 'u-17',
    media: [{ url: 'https://cdn.example/a', ref: null }],
    sharedAt: null,
  },
  message: 'It was removed.',
};
const idle = new AbortController().signal;

const json =
  (value: unknown, status = 200, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

describe('a platform of one’s own', () => {
  const credentials = webhookCredentials.parse({ secret: createWebhookSecret(), previous: createWebhookSecret() });
  let receiver: Receiver;
  let house: ReturnType<typeof houseOfTests>;
  const settings = (more: Partial<WebhookSettings> = {}) => webhookSettings.parse({ url: receiver.url, ...more });
  const platform = (more: Partial<WebhookSettings> = {}) => webhook.open(settings(more), credentials, house);

  beforeEach(async () => {
    receiver = await Receiver.open(json({ outcome: 'done' }));
    house = houseOfTests();
  });
  afterEach(async () => await receiver[Symbol.asyncDispose]());

  it('is sent the same order at every attempt, which both of its secrets verify', async () => {
    expect(await platform().act(ORDER, idle)).toBe('done');
    receiver.answer = json({ outcome: 'already', anything: 'else' });
    expect(await platform().act(ORDER, idle)).toBe('already');
    const [first, second] = receiver.received;
    expect(second?.body).toBe(first?.body);
    expect(JSON.parse(first?.body ?? '')).toEqual({
      type: 'order',
      data: { act: 'remove', item: 'post-1', room: 'harbour', account: 'u-17', message: 'It was removed.' },
    });
    for (const { headers, body } of receiver.received) {
      for (const secret of [credentials.secret, credentials.previous ?? '']) {
        expect(verifySignature({ headers, body, secret })).toBe('action1');
      }
    }
  });

  const page = '<!doctype html><title>Sorry</title>';
  it.each<[string, (response: ServerResponse) => void, object]>([
    [
      'a page of an error',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      { code: 'act-unconfirmed' },
    ],
    [
      'a page that says it is JSON',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(page),
      { code: 'act-unconfirmed' },
    ],
    ['nothing', (response) => void response.writeHead(204).end(), { code: 'act-unconfirmed' }],
    ['another outcome', json({ outcome: 'maybe' }), { code: 'act-unconfirmed' }],
    [
      'an answer without end',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"outcome":"done"${' '.repeat(100_000)}}`),
      { code: 'act-unconfirmed' },
    ],
    [
      'that it accepts, although it is to answer at once',
      json({ outcome: 'accepted' }, 202),
      { code: 'act-unconfirmed' },
    ],
    ['a refusal', json({ outcome: 'refused', reason: 'no-rights' }), { code: 'act-refused', detail: 'no-rights' }],
    [
      'a refusal whose reason may be anything',
      json({ outcome: 'refused', reason: 'User Alice!' }, 422),
      { code: 'act-refused', detail: 'refused' },
    ],
    ['that it cannot', json({ outcome: 'refused', reason: 'unsupported' }), { code: 'act-unsupported' }],
    ['that it is too late', json({ outcome: 'refused', reason: 'too-late' }, 409), { code: 'act-too-late' }],
    ['later, please', json({}, 429, { 'retry-after': '77' }), { code: 'platform-busy', retryAfter: 77 }],
    ['away', json({}, 503, { 'retry-after': '5' }), { code: 'platform-busy', retryAfter: 5 }],
    ['a lie of an error', json({ outcome: 'done' }, 500), { code: 'platform-unreachable' }],
    ['no such page', json({ outcome: 'done' }, 404), { code: 'platform-unreachable' }],
    ['who are you', json({}, 401), { code: 'platform-refused' }],
    [
      'a redirect to the metadata of a cloud',
      json({ outcome: 'done' }, 307, { location: 'http://169.254.169.254/latest/' }),
      { code: 'platform-unreachable' },
    ],
    ['a broken connection', (response) => void response.destroy(), { code: 'platform-unreachable' }],
  ])('does not take for done: %s', async (_what, answer, expected) => {
    receiver.answer = answer;
    await expect(platform().act(ORDER, idle)).rejects.toMatchObject(expected);
    expect(receiver.received).toHaveLength(1);
  });

  it('waits for nobody who hangs longer than it may, and goes to no private address', async () => {
    const stop = new AbortController();
    receiver.answer = () => stop.abort(new Error('enough'));
    await expect(platform().act(ORDER, stop.signal)).rejects.toThrow('enough');
    const url = 'https://169.254.169.254/orders';
    await expect(platform({ url }).act(ORDER, idle)).rejects.toMatchObject({ code: 'url-forbidden' });
    for (const wrong of ['http://platform.example/x', 'https://u:p@platform.example/', 'ftp://platform.example']) {
      expect(webhookSettings.safeParse({ url: wrong }).success).toBe(false);
    }
  });

  it('is not believed as long as the page of what it took down is there for everybody', async () => {
    let page = 200;
    await using site = await Receiver.open((response) => void response.writeHead(page, { location: '/login' }).end());
    const looked = platform({ lookAt: `${site.url}/posts/{item}?full=1` });
    const order = { ...ORDER, target: { ...ORDER.target, item: 'a/b?c' } };
    for (page of [200, 302, 500]) {
      await expect(looked.act(order, idle)).rejects.toMatchObject({ code: 'act-unconfirmed' });
    }
    for (page of [404, 410]) expect(await looked.act(order, idle)).toBe('done');
    expect(site.paths.every((path) => path === '/hook/posts/a%2Fb%3Fc?full=1')).toBe(true);
    page = 200;
    expect(await looked.act({ ...order, act: 'restore' }, idle)).toBe('done');
    expect([site.paths.length, receiver.received.length]).toEqual([5, 6]);
    for (const wrong of ['https://forum.example/posts', 'http://forum.example/{item}', 'https://{item}.example/']) {
      expect(webhookSettings.safeParse({ url: receiver.url, lookAt: wrong }).success, wrong).toBe(false);
    }
  });

  it('may accept and confirm later, and is asked again when the time for that is over', async () => {
    receiver.answer = json({ outcome: 'accepted' }, 202);
    const later = platform({ answers: 'later', confirmWithin: 60 });
    await expect(later.act(ORDER, idle)).rejects.toMatchObject({ code: 'act-awaited', retryAfter: 60 });
    expect([webhook.confirmsLater?.(settings({ answers: 'later' })), webhook.confirmsLater?.(settings())]).toEqual([
      true,
      false,
    ]);
  });

  it('is there as long as it answers a signed ping with the word of the protocol', async () => {
    expect(await webhook.test(settings(), credentials, house, idle)).toMatchObject({ acts: 'remove, restore' });
    const stop = new AbortController();
    const intake = new IntakeOfTests();
    const running = platform().run(intake, stop.signal);
    await intake.until(() => intake.heardOf > 1);
    stop.abort();
    await expect(running).rejects.toThrow();
    for (const { headers, body } of receiver.received) {
      expect(verifySignature({ headers, body, secret: credentials.secret })).toMatch(/^ping-/);
      expect(JSON.parse(body)).toEqual({ type: 'ping', data: {} });
    }
    receiver.answer = (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    const malformed = expect.objectContaining({ code: 'platform-malformed' });
    await expect(webhook.test(settings(), credentials, house, idle)).rejects.toEqual(malformed);
    await expect(platform().run(new IntakeOfTests(), idle)).rejects.toEqual(malformed);
  });
});
