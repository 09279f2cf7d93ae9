import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BotApiServer, TOKEN } from '../src/platforms/telegram/testing/bot-api-server.js';
import { prosodyMissing, ROOMS, TestProsody } from '../src/platforms/xmpp/testing/prosody.js';
import { picture, TestClient } from '../src/platforms/xmpp/testing/test-client.js';
import { type RunningService, startService, VIGIE } from '../test/service.js';
import { type Bench, type BenchRow, quantile } from './harness.js';
import { photographLikeJpeg } from './pictures.js';

/** Media messages a second, and how many of them are listed. */
const EVERY_MS = 50;
const ONE_LISTED_IN = 4;
/** Messages of one round. */
const MESSAGES = 200;
/** Of the pictures; the hashes of those that are listed (each fourth) are of a quality that counts. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 9, 11, 12];
const JPEG_BYTES = 60_000;
const PATIENCE_MS = 60_000;
const MANY = '1000000';

/** Shares pictures, and says when a listed one was shared and when it was gone, both as a user of the platform sees it. */
interface Sharing extends AsyncDisposable {
  readonly name: string;
  /** What it is called in the service. */
  readonly platform: string;
  share(bytes: Buffer, listed: boolean): Promise<void>;
  /** Milliseconds of those that are gone. */
  readonly gone: readonly number[];
}

/**
 * From a picture that is shared to its removal, as a user of the platform sees it: real servers or such that speak as
 * they do, the service as a process of its own, all of them on this machine.
 */
export const removalBench: Bench = async ({ rounds = 9, progress }) => {
  const pictures = await Promise.all(SEEDS.map((seed) => photographLikeJpeg(1_280, 960, seed, JPEG_BYTES)));
  const limits = ['--removal-hold', MANY, '--removal-hold-entry', MANY, '--flood-limit', '0', '--rate', 'items=off'];
  await using service = await startService({ args: ['--allow-fetch-from', '127.0.0.1', ...limits] });
  await list(
    service,
    pictures.filter((_, n) => n % ONE_LISTED_IN === 0),
  );
  const rows: BenchRow[] = [];
  const kinds = [openTelegram, ...(prosodyMissing() === undefined ? [openXmpp] : [])];
  for (const open of kinds) {
    await using sharing = await open(service);
    // The first ones find everything cold.
    await shareAll(sharing, pictures, 20);
    const cold = sharing.gone.length;
    for (let round = 0; round < rounds; round++) {
      progress?.(`${sharing.name}: round ${round + 1} of ${rounds}`);
      await shareAll(sharing, pictures, MESSAGES);
    }
    const warm = sharing.gone.slice(cold);
    const what = `${sharing.name}: shared to gone, ${1_000 / EVERY_MS} media messages/s, ${warm.length} removals`;
    for (const [name, q] of [
      ['p50', 0.5],
      ['p99', 0.99],
      ['slowest', 1],
    ] as const) {
      rows.push({ what: `${what}, ${name}`, value: quantile(warm, q), unit: 'ms' });
    }
    rows.push(...(await stagesOf(service, sharing)));
  }
  return rows;
};

/** The parts of the way, as the service measures them. */
async function stagesOf(service: RunningService, { name, platform }: Sharing): Promise<BenchRow[]> {
  const answer = await service.call('GET', `/v1/platforms/${platform}/times`);
  type Stage = { readonly p50: number | null; readonly p99: number | null };
  type Span = { readonly span: string; readonly stages: Record<string, Stage>; readonly whole: Stage };
  const { spans } = (await answer.json()) as { readonly spans: readonly Span[] };
  const day = spans.find(({ span }) => span === 'day');
  return Object.entries({ ...day?.stages, whole: day?.whole }).flatMap(([stage, times]) =>
    (['p50', 'p99'] as const).map((q) => {
      return { what: `${name}: ${stage}, ${q}`, value: (times?.[q] ?? Number.NaN) * 1_000, unit: 'ms' };
    }),
  );
}

let made = 0;

/** Shares so many, evenly spaced, each other bytes; waits until all that are listed are gone. */
async function shareAll(sharing: Sharing, pictures: readonly Buffer[], count: number): Promise<void> {
  const before = sharing.gone.length;
  const start = performance.now();
  const sent: Promise<void>[] = [];
  let listed = 0;
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, start + i * EVERY_MS - performance.now()));
    const n = i % pictures.length;
    if (n % ONE_LISTED_IN === 0) listed++;
    // Behind the end of the picture, where decoders do not look.
    const bytes = Buffer.concat([pictures[n] as Buffer, Buffer.from(String(made++).padStart(8))]);
    sent.push(sharing.share(bytes, n % ONE_LISTED_IN === 0));
  }
  await Promise.all(sent);
  const until = performance.now() + PATIENCE_MS;
  while (sharing.gone.length < before + listed) {
    if (performance.now() > until) throw new Error(`${sharing.gone.length - before} of ${listed} are gone.`);
    await sleep(20);
  }
}

async function list(service: RunningService, pictures: readonly Buffer[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-removal-'));
  try {
    await Promise.all(pictures.map((bytes, n) => writeFile(join(folder, `${n}.jpg`), bytes)));
    const { stdout } = await promisify(execFile)(process.execPath, [VIGIE, 'hash', '--format', 'jsonl', folder]);
    const hashed = stdout.trim().split('\n');
    const rows = hashed.map((line, n) => `e${n},${(JSON.parse(line) as { pdq: string }).pdq},A\n`);
    const type = { 'content-type': 'application/octet-stream' };
    const answer = await service.call('PUT', '/v1/lists/known/import', `id,pdq,grade\n${rows.join('')}`, type);
    if (!(await answer.text()).includes('"result"')) throw new Error('The list was not taken.');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function addPlatform(service: RunningService, body: object): Promise<void> {
  const sent = JSON.stringify({ ...body, dryRun: false });
  const answer = await service.call('POST', '/v1/platforms', sent, { 'content-type': 'application/json' });
  if (!answer.ok) throw new Error(`The platform was not taken: ${answer.status}`);
}

async function openTelegram(service: RunningService): Promise<Sharing> {
  const telegram = await BotApiServer.open();
  const group = telegram.world.group(-1_001, 'harbour');
  const settings = { baseUrl: telegram.origin };
  await addPlatform(service, { name: 'telegram', kind: 'telegram', settings, credentials: { token: TOKEN } });
  const posted = new Map<number, number>();
  const gone: number[] = [];
  const { messages } = group;
  const remove = messages.delete.bind(messages);
  messages.delete = (id) => {
    const at = posted.get(id);
    if (at !== undefined && messages.has(id)) gone.push(performance.now() - at);
    return remove(id);
  };
  return {
    name: 'Telegram, its test server',
    platform: 'telegram',
    gone,
    share: async (bytes, listed) => {
      const { id, unique } = telegram.world.file(bytes);
      const photo = [{ file_id: id, file_unique_id: unique, width: 1_280, height: 960 }];
      const at = performance.now();
      const { message_id: message } = telegram.world.post(group, { photo });
      if (listed) posted.set(message, at);
    },
    [Symbol.asyncDispose]: async () => {
      await service.call('DELETE', '/v1/platforms/telegram');
      await telegram[Symbol.asyncDispose]();
    },
  };
}

async function openXmpp(service: RunningService): Promise<Sharing> {
  const prosody = await TestProsody.start(['vigie', 'owner', 'user'], 'vigie', { archive: 'memory' });
  const takenBack = new Map<string, number>();
  const owner = await TestClient.signIn(prosody, 'owner', (stanza) => {
    const apply = stanza.getChildElements().find(({ name }) => name === 'apply-to' || name === 'retract');
    const id = apply?.attrs['id'];
    if (id !== undefined) takenBack.set(id, performance.now());
  });
  const user = await TestClient.signIn(prosody, 'user');
  const room = `harbour@${ROOMS}`;
  await owner.join(room);
  await owner.configure(room, { 'muc#roomconfig_persistentroom': '1', 'muc#roomconfig_publicroom': '1' });
  await owner.affiliate(room, 'vigie@localhost', 'admin');
  await user.join(room);
  const settings = { account: 'vigie@localhost', address: prosody.address, rooms: [room] };
  await addPlatform(service, { name: 'xmpp', kind: 'xmpp', settings, credentials: { password: 'vigie' } });
  await owner.sees(({ name, attrs }) => name === 'presence' && String(attrs['from']).startsWith(`${room}/Vigie`));
  const said = new Map<string, number>();
  return {
    name: 'XMPP, Prosody with its archive in memory',
    platform: 'xmpp',
    get gone() {
      return [...said].flatMap(([id, at]) => {
        const then = takenBack.get(id);
        return then === undefined ? [] : [then - at];
      });
    },
    share: async (bytes, listed) => {
      const { get } = await user.upload(bytes, 'picture.jpg');
      const at = performance.now();
      const { id } = await user.say(room, ...picture(get));
      if (listed) said.set(id, at);
    },
    [Symbol.asyncDispose]: async () => {
      await service.call('DELETE', '/v1/platforms/xmpp');
      await Promise.all([owner.signOut(), user.signOut()]);
      await prosody.stop();
    },
  };
}
