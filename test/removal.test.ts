/** From a picture that is shared on a platform to its removal there: the service as it is run, and the platform over real HTTP. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BotApiServer, TOKEN } from '../src/platforms/telegram/testing/bot-api-server.js';
import type { Room } from '../src/platforms/telegram/testing/bot-api-world.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = { timeout: 60_000, interval: 50 };

interface Action {
  readonly id: string;
  readonly act: string;
  readonly state: string;
  readonly heldBy: string | null;
  readonly outcome: string | null;
}

describe('a group of Telegram that is watched', { timeout: 180_000 }, () => {
  let service: RunningService;
  let telegram: BotApiServer;
  let group: Room;
  const pictures = new Map<string, Buffer>();

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await service.call(method, path, sent, sent === undefined ? {} : JSON_TYPE);
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
  const actions = async () => (await call<{ actions: Action[] }>('GET', '/v1/actions')).actions;
  const post = (name: string) => {
    const { id, unique } = telegram.world.file(pictures.get(name) as Buffer);
    return telegram.world.post(group, { photo: [{ file_id: id, file_unique_id: unique, width: 640, height: 480 }] });
  };
  const isThere = (id: number) => group.messages.has(id);

  beforeAll(async () => {
    service = await startService({ args: ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1'] });
    telegram = await BotApiServer.open();
    group = telegram.world.group(-1_001, 'harbour');
    const { samples } = await call<{ samples: { name: string; expect: string }[] }>('GET', '/v1/samples');
    for (const wanted of ['match', 'no-match']) {
      const name = samples.find((each) => each.expect === wanted && /\.(png|jpe?g|webp)$/.test(each.name))?.name;
      const bytes = await service.call('GET', `/v1/samples/${name}`);
      pictures.set(wanted, Buffer.from(await bytes.arrayBuffer()));
    }
    await call('POST', '/v1/platforms', {
      ...{ name: 'tg', kind: 'telegram', settings: { baseUrl: telegram.origin }, credentials: { token: TOKEN } },
    });
  }, 120_000);
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await telegram?.[Symbol.asyncDispose]();
  });

  it('is left as it is while it is a dry run, and what would be done is written down', async () => {
    const known = post('match');
    await vi.waitFor(async () => {
      expect(await actions()).toMatchObject([{ act: 'remove', state: 'confirmed', dryRun: true }]);
    }, LONG);
    expect(isThere(known.message_id)).toBe(true);
  });

  it('loses what a list names within moments, and keeps the rest', async () => {
    await call('PUT', '/v1/platforms/tg', { dryRun: false });
    const other = post('no-match');
    const known = post('match');
    await vi.waitFor(() => expect(isThere(known.message_id)).toBe(false), LONG);
    expect(isThere(other.message_id)).toBe(true);
    await vi.waitFor(
      async () => expect((await actions())[0]).toMatchObject({ act: 'remove', state: 'confirmed' }),
      LONG,
    );
    const { cases } = await call<{ cases: { state: string }[] }>('GET', '/v1/cases');
    expect(cases.length).toBeGreaterThan(0);
  });

  it('waits for a person while enforcement is stopped', async () => {
    await call('POST', '/v1/stops', { reason: 'a test' });
    const known = post('match');
    await vi.waitFor(
      async () => expect((await actions())[0]).toMatchObject({ state: 'proposed', heldBy: 'stop' }),
      LONG,
    );
    expect(isThere(known.message_id)).toBe(true);
  });
});
