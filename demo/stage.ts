import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOMS, TestProsody } from '../src/platforms/xmpp/testing/prosody.js';
import { TestClient } from '../src/platforms/xmpp/testing/test-client.js';
import { type RunningService, startService } from '../test/service.js';

export const ROOM = `harbour@${ROOMS}`;
/** What the connection is called in Vigie; its items bear the name. */
export const PLATFORM = 'harbour';
export const VISITOR = 'visitor';

const OWNER = 'harbourmaster';
const BOT = 'vigie';
/** What the page's server may ask: it reads, and does nothing. */
const READER = ['status:read', 'items:read', 'matches:detail', 'enforcement:read'];

/** All that the page stands on: Prosody with a public room, and Vigie that watches it. */
export interface Stage extends AsyncDisposable {
  readonly prosody: TestProsody;
  readonly vigie: RunningService;
  /** Reads only. */
  readonly key: string;
}

/**
 * Starts Prosody and Vigie in folders of their own, opens the room and has it watched, in earnest.
 * @param tell what is being done, for whoever waits
 */
export async function openStage(tell: (line: string) => void): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-demo-'));
  const owned: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of owned.splice(0).reverse()) await end();
  };
  try {
    tell('Prosody');
    const prosody = await TestProsody.start([OWNER, VISITOR, BOT], BOT, { browsers: true });
    owned.push(() => prosody.stop());
    tell('Vigie, with its list of generated pictures');
    const args = ['--sample', '--allow-fetch-from', '127.0.0.1'];
    const vigie = await startService({ data: join(folder, 'vigie'), args });
    owned.push(() => vigie.stop());
    await warm(vigie);
    tell('a public room, and Vigie in it');
    await openRoom(prosody, vigie);
    const { key } = await ask<{ key: string }>(vigie, 'POST', '/v1/keys', { name: 'demo', scopes: READER });
    return { prosody, vigie, key, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As docs/xmpp.md has it: a public room in which Vigie is an admin, and a connection that acts. */
async function openRoom(prosody: TestProsody, vigie: RunningService): Promise<void> {
  const owner = await TestClient.signIn(prosody, OWNER);
  try {
    await owner.join(ROOM);
    await owner.configure(ROOM, {
      'muc#roomconfig_roomname': 'Harbour',
      'muc#roomconfig_roomdesc': 'Pictures of the coast',
      'muc#roomconfig_persistentroom': '1',
      'muc#roomconfig_publicroom': '1',
    });
    await owner.affiliate(ROOM, `${BOT}@localhost`, 'admin');
    const settings = { account: `${BOT}@localhost`, address: prosody.address, rooms: [ROOM] };
    const connection = { name: PLATFORM, kind: 'xmpp', settings, credentials: { password: BOT }, dryRun: false };
    await ask(vigie, 'POST', '/v1/platforms', connection);
    await owner.sees(({ name, attrs }) => name === 'presence' && String(attrs['from']).startsWith(`${ROOM}/Vigie`));
  } finally {
    await owner.signOut();
  }
}

/** So that the first picture in the room does not find everything cold. */
async function warm(vigie: RunningService): Promise<void> {
  const sample = await vigie.call('GET', '/v1/samples/fog.png');
  const bytes = new Uint8Array(await sample.arrayBuffer());
  await vigie.call('POST', '/v1/scan', bytes, { 'content-type': 'application/octet-stream' });
}

async function ask<T>(vigie: RunningService, method: string, path: string, body: object): Promise<T> {
  const answer = await vigie.call(method, path, JSON.stringify(body), { 'content-type': 'application/json' });
  if (!answer.ok) throw new Error(`Vigie answered ${method} ${path} with ${answer.status}`);
  return (await answer.json()) as T;
}
