import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const LIMIT_MS = 30_000;
/** What it answers where nothing is said of a body. */
const KNOWN = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';

let service: RunningService;
let address: string;
let picture: Buffer;

/** Another process would find no free port between two questions, so it is the service that says which one it took. */
function hmaAddress({ log }: RunningService): string {
  const found = /Clients of Hasher-Matcher-Actioner: (\S+)/.exec(log())?.[1];
  if (found === undefined) throw new Error(`no address: ${log()}`);
  return found;
}

type Sent = NonNullable<RequestInit['body']>;
interface Answered {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

async function ask(method: string, path: string, body?: Sent | object, headers = {}): Promise<Answered> {
  const isJson = body !== undefined && Object.getPrototypeOf(body) === Object.prototype;
  const answer = await fetch(address + path, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${service.key}`, ...(isJson ? JSON_TYPE : {}), ...headers },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as Sent) }),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const form = (field: string, bytes: Uint8Array, fields: Record<string, string> = {}): FormData => {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  made.append(field, new Blob([new Uint8Array(bytes)]), 'file');
  return made;
};
const idOf = ({ text }: Answered): number => (JSON.parse(text) as { id: number }).id;
const keyFor = async (scopes: string[]): Promise<{ id: string; key: string }> => {
  const answer = await service.call('POST', '/v1/keys', JSON.stringify({ name: 'a key', scopes }), JSON_TYPE);
  const { key, info } = (await answer.json()) as { key: string; info: { id: string } };
  return { id: info.id, key };
};

beforeAll(async () => {
  picture = await photographLikeJpeg(640, 480, 3);
  service = await startService({ args: ['--hma-port', '0', '--decoders', '1', '--rate', 'failed=off'] });
  address = hmaAddress(service);
}, 90_000);
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
});

describe('the interface of Hasher-Matcher-Actioner', () => {
  it('answers to the byte', async () => {
    const missing = (field: string, input: string) =>
      `[{"type":"missing","loc":["${field}"],"msg":"Field required","input":${input},"url":"https://errors.pydantic.dev/2.12/v/missing"}]`;
    const table: readonly [string, string, object | undefined, number, string][] = [
      ['GET', '/status', undefined, 200, 'I-AM-ALIVE'],
      ['GET', '/status/live', undefined, 200, 'I-AM-ALIVE'],
      ['GET', '/', undefined, 302, ''],
      ['GET', '/c/banks', undefined, 200, '[]\n'],
      ['POST', '/c/banks', { name: 'A' }, 201, '{"matching_enabled_ratio":1.0,"name":"A"}\n'],
      ['POST', '/c/banks', { name: 'A' }, 403, '{"message":"Bank already exists"}\n'],
      ['POST', '/c/banks', { name: 'a' }, 400, '{"message":"Bank names must be UPPER_WITH_UNDERSCORE"}\n'],
      ['POST', '/c/banks', {}, 422, missing('name', '{}')],
      ['POST', '/c/banks', { name: 'B', enabled_ratio: 0.5 }, 201, '{"matching_enabled_ratio":0.5,"name":"B"}\n'],
      ['POST', '/c/banks', { name: 'OFF', enabled: false }, 201, '{"matching_enabled_ratio":0.0,"name":"OFF"}\n'],
      [
        'POST',
        '/c/banks',
        { name: 'C', enabled_ratio: 7 },
        400,
        '{"message":"enabled_ratio must be between 0 and 1"}\n',
      ],
      ['GET', '/c/bank/A', undefined, 200, '{"matching_enabled_ratio":1.0,"name":"A"}\n'],
      ['GET', '/c/bank/NONE', undefined, 404, '{"message":"bank \'NONE\' not found"}\n'],
      ['PUT', '/c/bank/NONE', { name: 'X' }, 404, '{"message":"Bank not found"}\n'],
      ['PUT', '/c/bank/B', { name: 'A' }, 403, '{"message":"Bank name already exists"}\n'],
      ['PUT', '/c/bank/B', { name: 'BB', enabled_ratio: 1 }, 200, '{"matching_enabled_ratio":1.0,"name":"BB"}\n'],
      ['DELETE', '/c/bank/BB', undefined, 200, '{"message":"Done"}\n'],
      ['DELETE', '/c/bank/BB', undefined, 200, '{"message":"Done"}\n'],
      ['DELETE', '/c/bank/OFF', undefined, 200, '{"message":"Done"}\n'],
      ['GET', '/c/banks', undefined, 200, '[{"matching_enabled_ratio":1.0,"name":"A"}]\n'],
      ['POST', '/c/bank/A/signal', {}, 400, '{"message":"No signals given"}\n'],
      ['POST', '/c/bank/A/signal', { x: 'y' }, 400, '{"message":"No such signal type x"}\n'],
      ['POST', '/c/bank/A/signal', { pdq: 'zz' }, 400, '{"message":"Invalid pdq signal: invalid PDQ hash"}\n'],
      ['POST', '/c/bank/NONE/signal', { pdq: KNOWN }, 404, '{"message":"bank \'NONE\' not found"}\n'],
      ['POST', '/c/bank/A/signal', { pdq: KNOWN }, 200, `{"id":1,"signals":{"pdq":"${KNOWN}"}}\n`],
      ['GET', `/m/raw_lookup?signal=${KNOWN}&signal_type=pdq`, undefined, 200, '{"matches":[1]}\n'],
      [
        ...(['GET', `/m/raw_lookup?signal=${KNOWN}&signal_type=pdq&include_distance=true`] as const),
        ...([undefined, 200, '{"matches":[{"bank_content_id":1,"distance":"0"}]}\n'] as const),
      ],
      [
        ...(['GET', `/m/lookup?signal=${KNOWN}&signal_type=pdq`, undefined, 200] as const),
        '{"A":[{"bank_content_id":1,"distance":"0"}]}\n',
      ],
      ['GET', `/m/lookup?signal=${KNOWN}&signal_type=pdq&banks=Z`, undefined, 200, '{}\n'],
      ['GET', `/m/lookup?signal=${hex(32)}&signal_type=pdq`, undefined, 200, '{}\n'],
      ['GET', '/m/lookup', undefined, 400, '{"message":"Either url or both signal and signal_type are required"}\n'],
      ['GET', '/m/raw_lookup?signal_type=pdq', undefined, 422, missing('signal', '{"signal_type":"pdq"}')],
      ['GET', '/m/raw_lookup?signal=a&signal_type=x', undefined, 400, '{"message":"No such SignalType \'x\'"}\n'],
      [
        'GET',
        '/m/raw_lookup?signal=a&signal_type=pdq',
        undefined,
        400,
        '{"message":"invalid signal: invalid PDQ hash"}\n',
      ],
      ['POST', '/m/compare', { pdq: [KNOWN, KNOWN] }, 200, '{"pdq":[true,{"distance":0}]}\n'],
      ['POST', '/m/compare', { pdq: [KNOWN] }, 400, '{"message":"Comparison hash list length must be exactly 2"}\n'],
      ['POST', '/m/compare', { pdq: 'x' }, 400, '{"message":"Comparison hashes for pdq was not a list"}\n'],
      ['GET', '/h/hash', undefined, 422, missing('url', '{}')],
      ['GET', '/h/hash?url=ftp://a', undefined, 400, '{"message":"Invalid or unsafe URL provided"}\n'],
      ['GET', '/h/hash?url=http://127.0.0.1:9/a', undefined, 400, '{"message":"Invalid or unsafe URL provided"}\n'],
      ['POST', '/h/hash', undefined, 400, '{"message":"Missing multipart/form-data file upload"}\n'],
      ['POST', '/m/lookup', undefined, 400, '{"message":"Missing multipart/form-data file upload"}\n'],
      [
        ...(['POST', '/c/bank/A/content', undefined, 400] as const),
        '{"message":"Neither `url` nor multipart file upload was received"}\n',
      ],
      [
        ...(['GET', '/c/bank/A/content/1', undefined, 200] as const),
        '{"bank":{"matching_enabled_ratio":1.0,"name":"A"},"disable_until_ts":1,"id":1,"original_media_uri":null}\n',
      ],
      ['GET', '/c/bank/A/content/999', undefined, 404, '{"message":"content \'999\' not found"}\n'],
      ['PUT', '/c/bank/A/content/1', { disable_until_ts: 'abc' }, 400, '{"message":"Invalid int: \'abc\'"}\n'],
      [
        ...(['PUT', '/c/bank/A/content/1', { note: 'x', disable_until_ts: 0 }, 200] as const),
        '{"bank":{"matching_enabled_ratio":1.0,"name":"A"},"collab_metadata":{},"disable_until_ts":0,"id":1,"note":"x","original_media_uri":null,"user_metadata":null}\n',
      ],
      ['GET', `/m/lookup?signal=${KNOWN}&signal_type=pdq`, undefined, 200, '{}\n'],
      ['DELETE', '/c/bank/A/content/1', undefined, 200, '{"deleted":1}\n'],
      ['DELETE', '/c/bank/A/content/1', undefined, 200, '{"deleted":0}\n'],
      ['GET', '/c/exchanges/apis', undefined, 200, '["fb_threatexchange","ncmec","stop_ncii","tat"]\n'],
      [
        ...(['GET', '/c/exchanges/api/ncmec', undefined, 200] as const),
        '{"has_set_authentification":false,"supports_authentification":true}\n',
      ],
      ['GET', '/c/exchanges', undefined, 200, '[]\n'],
      ['POST', '/c/exchanges', {}, 400, '{"message":"bank is required"}\n'],
      ['POST', '/c/exchanges', { bank: 'E' }, 400, '{"message":"Field `api_type` is required"}\n'],
      ['POST', '/c/exchanges', { bank: 'E', api: 'x' }, 400, '{"message":"No such exchange type"}\n'],
      [
        ...(['POST', '/c/exchanges', { bank: 'E', api: 'ncmec', api_json: {} }, 400] as const),
        '{"message":"Failed to parse `api_json` - missing value for field \\"environment\\""}\n',
      ],
      ['GET', '/c/exchange/x', undefined, 404, '{"message":"Exchange \'x\' not found"}\n'],
      ['DELETE', '/c/exchange/x', undefined, 200, '{"message":"Exchange deleted"}\n'],
      [
        ...(['GET', '/c/signal_type', undefined, 200] as const),
        '[{"enabled_ratio":1.0,"name":"pdq"},{"enabled_ratio":1.0,"name":"video_md5"}]\n',
      ],
      ['PUT', '/c/signal_type/pdq', { enabled_ratio: 1 }, 204, ''],
      ['GET', '/c/content_type', undefined, 200, '[{"enabled":true,"name":"photo"},{"enabled":true,"name":"video"}]\n'],
      ['GET', '/m/index/status?signal_type=x', undefined, 400, '{"message":"No such SignalType \'x\'"}\n'],
    ];
    for (const [method, path, body, status, expected] of table) {
      const answer = await ask(method, path, body);
      expect([method, path, answer.status, answer.text]).toEqual([method, path, status, expected]);
    }
  }, 120_000);

  it('hashes, banks, finds, silences and forgets a picture', async () => {
    await ask('POST', '/c/banks', { name: 'PICTURES' });
    const hashed = await ask('POST', '/h/hash', form('photo', picture));
    const { pdq } = JSON.parse(hashed.text) as { pdq: string };
    expect(hashed.text).toBe(`{"pdq":"${pdq}"}\n`);
    expect(pdq).toMatch(/^[0-9a-f]{64}$/);
    const notes = { metadata: '{"content_id":"é","json":{"a":1}}', note: 'seen' };
    const added = await ask('POST', '/c/bank/PICTURES/content', form('photo', picture, notes));
    const id = idOf(added);
    expect(added.text).toBe(`{"id":${id},"signals":{"pdq":"${pdq}"}}\n`);
    const found = await ask('POST', '/m/lookup', form('photo', picture));
    expect(found.text).toMatch(
      new RegExp(`^{"pdq":{"PICTURES":\\[{"bank_content_id":${id},"distance":"\\d+"}\\]}}\n$`),
    );
    const path = `/c/bank/PICTURES/content/${id}`;
    expect((await ask('GET', `${path}?include_signals=true`)).text).toBe(
      `{"bank":{"matching_enabled_ratio":1.0,"name":"PICTURES"},"disable_until_ts":1,"id":${id},` +
        `"metadata":{"collab":null,"content_id":"\\u00e9","content_uri":null,"json":{"a":1}},"note":"seen",` +
        `"original_media_uri":null,"signals":{"pdq":"${pdq}"}}\n`,
    );
    // By another bank it is neither seen nor touched.
    expect((await ask('GET', `/c/bank/A/content/${id}`)).status).toBe(404);
    expect((await ask('DELETE', `/c/bank/A/content/${id}`)).text).toBe('{"deleted":0}\n');
    // Silent until a moment, and back by itself.
    const until = Math.floor(Date.now() / 1_000) + 3;
    await ask('PUT', path, { disable_until_ts: until });
    expect((await ask('GET', path)).text).toContain(`"disable_until_ts":${until},`);
    expect((await ask('POST', '/m/lookup', form('photo', picture))).text).toBe('{"pdq":{}}\n');
    await expect
      .poll(async () => (await ask('POST', '/m/lookup', form('photo', picture))).text, { timeout: LIMIT_MS })
      .toBe(found.text);
    expect((await ask('DELETE', path)).text).toBe('{"deleted":1}\n');
    expect((await ask('POST', '/m/lookup', form('photo', picture))).text).toBe('{"pdq":{}}\n');
    expect((await ask('GET', path)).status).toBe(404);
  }, 120_000);

  it('never says that nothing was found of what could not be looked at', async () => {
    const blank = await (await import('sharp'))
      .default({
        create: { width: 64, height: 64, channels: 3, background: '#777' },
      })
      .png()
      .toBuffer();
    expect((await ask('POST', '/m/lookup', form('photo', blank))).text).toBe('{"pdq":{}}\n');
    expect((await ask('POST', '/h/hash', form('photo', blank))).text).toBe('{"pdq":""}\n');
    const wrong = [picture.subarray(0, 300), randomBytes(500), Buffer.alloc(0)];
    for (const bytes of wrong) {
      for (const path of ['/m/lookup', '/h/hash']) {
        const { status, text, type } = await ask('POST', path, form('photo', bytes));
        expect([path, status, type]).toEqual([path, 400, 'application/json']);
        expect(Object.keys(JSON.parse(text) as object)).toContain('message');
      }
    }
    // Of a video it is the exact hash that is asked for, whatever the bytes are.
    expect((await ask('POST', '/m/lookup', form('video', randomBytes(500)))).text).toBe('{"video_md5":{}}\n');
    expect((await ask('POST', '/h/hash', form('text', picture))).text).toBe(
      '{"message":"no such content_type: \'text\'"}\n',
    );
    const both = form('photo', picture);
    both.append('photo', new Blob([new Uint8Array(picture)]), 'again');
    expect((await ask('POST', '/h/hash', both)).text).toBe('{"message":"Only one file allowed per request"}\n');
    expect((await ask('POST', '/h/hash?types=x', form('photo', picture))).text).toBe(
      '{"message":"signal type \'x\' doesn\'t exist or is disabled"}\n',
    );
    expect((await ask('POST', '/h/hash?types=video_md5', form('photo', picture))).text).toBe(
      '{"message":"empty signal type selection"}\n',
    );
    expect((await ask('POST', '/c/banks', '{"name":', JSON_TYPE)).status).toBe(400);
    expect((await ask('POST', '/c/banks', 'name=A', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask('GET', '/nowhere')).text).toBe('{"message":"Not Found"}\n');
  }, 60_000);

  it('flips the coin of a bank as Python does', async () => {
    const pdq = hex(32);
    await ask('POST', '/c/banks', { name: 'SHARE', enabled_ratio: 0.7 });
    const { text } = await ask('POST', '/c/bank/SHARE/signal', { pdq });
    const hit = `{"SHARE":[{"bank_content_id":${idOf({ text, status: 200, type: '' })},"distance":"0"}]}\n`;
    const with_ = async (more: string) => (await ask('GET', `/m/lookup?signal=${pdq}&signal_type=pdq${more}`)).text;
    // 0.712… is more than 0.7, and 0.272… less.
    expect([await with_('&seed=7'), await with_('&seed=a'), await with_('&bypass_coinflip=true')]).toEqual([
      '{}\n',
      hit,
      hit,
    ]);
  });

  it('serves clients as Coop and the Ruby client are', async () => {
    const apis = JSON.parse((await ask('GET', '/c/exchanges/apis')).text) as string[];
    for (const api of apis) {
      const { config_schema: config, credentials_schema: credentials } = JSON.parse(
        (await ask('GET', `/c/exchanges/api/${api}/schema`)).text,
      ) as Record<string, { fields: { name: string; type: string; required: boolean }[] }>;
      expect(config?.fields.every(({ name, type }) => name !== '' && type !== '')).toBe(true);
      expect(credentials?.fields.length).toBeGreaterThan(0);
    }
    // A server that nobody reaches: the exchange is there, and says that it could not fetch.
    const created = await ask('POST', '/c/exchanges', {
      bank: 'NEAR_NCMEC',
      api: 'ncmec',
      api_json: {
        environment: 'https://report.cybertip.org/hashsharing',
        only_esp_ids: [7],
        base_url: 'http://127.0.0.1:9',
      },
      credential_json: { user: 'u', password: 'p' },
    });
    expect([created.status, created.text]).toEqual([201, '{"message":"Created successfully"}\n']);
    expect((await ask('GET', '/c/exchanges')).text).toBe('["NEAR_NCMEC"]\n');
    expect((await ask('GET', '/c/bank/NEAR_NCMEC')).status).toBe(200);
    const exchange = await ask('GET', '/c/exchange/NEAR_NCMEC');
    expect(exchange.text.startsWith('{\n  "name": "NEAR_NCMEC",\n  "api": "ncmec",\n  "enabled": true,\n')).toBe(true);
    expect(exchange.text).not.toContain('"p"');
    await expect
      .poll(
        async () =>
          (
            JSON.parse((await ask('GET', '/c/exchange/NEAR_NCMEC/status')).text) as {
              last_fetch_succeeded: boolean | null;
            }
          ).last_fetch_succeeded,
        { timeout: LIMIT_MS },
      )
      .toBe(false);
    expect((await ask('PUT', '/c/exchange/NEAR_NCMEC', { enabled: false })).text).toContain('"enabled": false');
    const renewed = await ask('POST', '/c/exchange/NEAR_NCMEC/credentials', {
      credential_json: { user: 'v', password: 'q' },
    });
    expect(renewed.text).toBe('{"has_credentials":true,"has_own_credentials":true}\n');
    expect((await ask('DELETE', '/c/bank/NEAR_NCMEC')).status).toBe(403);
    expect((await ask('DELETE', '/c/exchange/NEAR_NCMEC')).text).toBe('{"message":"Exchange deleted"}\n');
    expect((await ask('GET', '/c/bank/NEAR_NCMEC')).status).toBe(404);
    // The Ruby client makes whole numbers of ids and distances.
    const pdq = hex(32);
    await ask('POST', '/c/banks', { name: 'RUBY' });
    const { id } = JSON.parse((await ask('POST', '/c/bank/RUBY/signal', { pdq })).text) as { id: number };
    const { matches } = JSON.parse(
      (await ask('GET', `/m/raw_lookup?signal=${pdq}&signal_type=pdq&include_distance=true`)).text,
    ) as {
      matches: { bank_content_id: number; distance: string }[];
    };
    expect(matches.map((match) => [match.bank_content_id, Number.parseInt(match.distance, 10)])).toEqual([[id, 0]]);
  }, 90_000);

  it('lets nobody in without a key, and with one only as far as its scopes reach', async () => {
    const bare = async (path: string, headers = {}): Promise<number> =>
      (await fetch(address + path, { headers, signal: AbortSignal.timeout(LIMIT_MS) })).status;
    expect([await bare('/status'), await bare('/site-map'), await bare('/c/banks')]).toEqual([200, 200, 401]);
    const { key } = await keyFor(['lookup']);
    const headers = { authorization: `Bearer ${key}` };
    const pdq = hex(32);
    const path = `/m/lookup?signal=${pdq}&signal_type=pdq`;
    expect([await bare(path, headers), await bare('/c/banks', headers)]).toEqual([200, 403]);
    expect(await bare('/m/lookup?url=http://127.0.0.1:9/', headers)).toBe(403);
    await ask('POST', '/c/banks', { name: 'HIDDEN' });
    const id = idOf(await ask('POST', '/c/bank/HIDDEN/signal', { pdq }));
    // How near it was is not for this key.
    expect((await ask('GET', path, undefined, headers)).text).toBe(
      `{"HIDDEN":[{"bank_content_id":${id},"distance":"-"}]}\n`,
    );
  });

  it('takes a trusted address for its key, and keeps names and numbers over a restart', async () => {
    const { id: trusted } = await keyFor(['lists:read', 'lookup', 'matches:detail']);
    const pdq = hex(32);
    await ask('POST', '/c/banks', { name: 'LASTING' });
    const id = idOf(await ask('POST', '/c/bank/LASTING/signal', { pdq, note: 'kept' }));
    await service.stop();
    const args = ['--hma-port', '0', '--hma-trust', `127.0.0.1=${trusted}`, '--decoders', '1'];
    const { data, key } = service;
    service = await startService({ data, key, args });
    address = hmaAddress(service);
    const bare = async (path: string, init: RequestInit = {}) =>
      await fetch(address + path, { ...init, signal: AbortSignal.timeout(LIMIT_MS) });
    expect(await (await bare(`/m/lookup?signal=${pdq}&signal_type=pdq`)).text()).toBe(
      `{"LASTING":[{"bank_content_id":${id},"distance":"0"}]}\n`,
    );
    expect((await bare('/c/bank/LASTING', { method: 'DELETE' })).status).toBe(403);
    // A page in a browser on that machine is not who is trusted.
    expect((await bare('/c/banks', { headers: { origin: 'https://elsewhere.example' } })).status).toBe(401);
    expect((await bare('/c/banks', { headers: { authorization: 'Bearer nobody' } })).status).toBe(401);
    expect((await ask('GET', `/c/bank/LASTING/content/${id}`)).text).toContain('"note":"kept"');
    await service.call('DELETE', `/v1/keys/${trusted}`);
    await expect.poll(async () => (await bare('/c/banks')).status, { timeout: LIMIT_MS }).toBe(401);
  }, 120_000);
});
