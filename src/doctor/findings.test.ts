import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { DataDir } from '../storage/data-dir.js';
import { writeKeyFile } from '../storage/key-source.js';
import { openKeyring } from '../storage/open-keyring.js';
import { clock, clockAgainst } from './clock.js';
import { keys } from './keys.js';
import { lock } from './lock.js';
import { recordFinding } from './record.js';
import { sharedPlaces } from './shared-places.js';
import { video } from './video.js';

let root: string;
beforeEach(async () => {
  vi.stubEnv('VIGIE_KEY', undefined);
  root = await mkdtemp(join(tmpdir(), 'vigie-doctor-'));
  return () => rm(root, { recursive: true, force: true });
});
const states = (findings: readonly { state: string }[]) => findings.map(({ state }) => state);

it('tells a clock that goes evenly from one that was set meanwhile', async () => {
  expect(await clock()).toMatchObject({ state: 'good' });
  const set = Date.now() + 3_600_000;
  const looking = clock();
  const stub = vi.spyOn(Date, 'now').mockReturnValue(set);
  expect(await looking).toMatchObject({ state: 'bad', found: expect.stringMatching(/jumped by 3\d{6} ms/) });
  stub.mockRestore();
});

it('measures the clock against another by what the round trip leaves open', () => {
  const now = Date.now();
  expect(clockAgainst(now + 500, now, now + 1_000)).toMatchObject({ state: 'good' });
  expect(clockAgainst(now - 1_900, now, now + 1_000)).toMatchObject({ state: 'good' });
  expect(clockAgainst(now - 5_000, now, now)).toMatchObject({ state: 'limited', found: '5.0 s apart' });
  expect(clockAgainst(now + 90_000, now, now)).toMatchObject({ state: 'bad' });
});

it('tries the key on what is sealed, and makes none', async () => {
  const data = join(root, 'data');
  expect(await keys(data)).toMatchObject([{ state: 'good', found: 'made at the first start' }]);
  expect(await readdir(root)).toEqual([]);
  const directory = await DataDir.open(data, { create: true });
  await openKeyring(directory.keyPlace);
  await directory.close();
  expect(await keys(data)).toMatchObject([
    { state: 'good', found: expect.stringContaining('mode 0600; opens what is') },
  ]);
  const file = directory.keyPlace.keyFile;
  await chmod(file, 0o640);
  expect(states(await keys(data))).toEqual(['bad']);
  await writeKeyFile(file, [randomBytes(32)]);
  expect(states(await keys(data))).toEqual(['bad']);
  await rm(file);
  expect(await keys(data)).toMatchObject([{ state: 'bad', found: 'the key is missing' }]);
});

it('takes a lock twice, and leaves nothing', async () => {
  expect(await lock(root)).toMatchObject({ state: 'good' });
  expect(await readdir(root)).toEqual([]);
});

it('tries the places that are shared, where there are any', async () => {
  expect(await sharedPlaces(root, {})).toEqual([]);
  expect(states(await sharedPlaces(root, { VIGIE_SEGMENTS: join(root, 'not-there') }))).toEqual(['bad']);
  expect(states(await sharedPlaces(root, { VIGIE_SEGMENTS: root }))).toEqual(['good']);
  const server = createServer((socket) => socket.destroy());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const NATS_URL = `nats://user:secret@127.0.0.1:${port}`;
  expect(states(await sharedPlaces(root, { NATS_URL }))).toEqual(['good']);
  await new Promise((resolve) => server.close(resolve));
  const [down] = await sharedPlaces(root, { NATS_URL });
  expect(down).toMatchObject({ state: 'bad' });
  expect(JSON.stringify(down)).not.toContain('secret');
});

it('says of ffmpeg whether it is there and decodes in the sandbox', async () => {
  const findings = await video();
  const without = findings.length === 1;
  expect(findings[0]).toMatchObject(
    without
      ? { state: 'limited', remedy: expect.stringContaining('ffmpeg') }
      : { found: expect.stringContaining('h264') },
  );
  if (!without) expect(findings[1]).toMatchObject({ state: 'good' });
});

it('tells when the record of events was last verified, and what did not fit', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const pass = (part: string, hoursAgo: number, faults = 0) => ({
    part,
    at: new Date(now - hoursAgo * 3_600_000).toISOString(),
    faults,
  });
  expect(recordFinding([pass('newest', 1), pass('whole', 30)], now)).toMatchObject({ state: 'good' });
  expect(recordFinding([pass('newest', 25), pass('whole', 1)], now)).toMatchObject({ state: 'limited' });
  expect(recordFinding([], now)).toMatchObject({ state: 'limited', found: 'was never verified' });
  expect(recordFinding([pass('newest', 1), pass('whole', 1, 2)], now)).toMatchObject({
    state: 'bad',
    found: expect.stringContaining('2 faults'),
  });
});
