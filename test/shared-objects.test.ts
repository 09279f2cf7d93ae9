import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from './command.js';
import { noPostgres, type PostgresCluster, startPostgres } from './databases.js';
import { type ObjectStore, startObjectStore } from './s3.js';
import { type RunningService, startService } from './service.js';

const MD5 = 'e0000000000000000000000000000001';
const JSON_TYPE = { 'content-type': 'application/json' };

/** Two real processes on one PostgreSQL and one object store, and what is restored from their backup. */
describe.skipIf(noPostgres !== undefined)('services that share an object store', { timeout: 240_000 }, () => {
  let root: string;
  let postgres: PostgresCluster;
  let objects: ObjectStore;
  let env: Record<string, string>;
  let one: RunningService;
  let two: RunningService;
  const args = ['--decoders', '1'];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-objects-'));
    [postgres, objects] = await Promise.all([startPostgres(), startObjectStore()]);
    env = {
      ...objects.environment,
      DATABASE_URL: await postgres.createDatabase(),
      VIGIE_KEY: randomBytes(32).toString('hex'),
      VIGIE_SEGMENTS: `${objects.bucket}/first`,
    };
    one = await startService({ env, args });
    two = await startService({ env, args, key: one.key });
  }, 240_000);
  afterAll(async () => {
    for (const each of [one, two]) await each?.[Symbol.asyncDispose]();
    await objects?.stop();
    await postgres?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const eventually = (told: () => Promise<unknown>) => expect.poll(told, { timeout: 60_000, interval: 100 });
  const makeKey = async (on: RunningService, name: string): Promise<void> => {
    const made = await on.call('POST', '/v1/keys', JSON.stringify({ name, scopes: ['status:read'] }), JSON_TYPE);
    expect(made.status).toBe(201);
  };
  const unsealed = async (on: RunningService): Promise<number> => {
    const answer = await (await on.call('GET', '/v1/audit/events')).json();
    return (answer as { sealed: { unsealed: number } }).sealed.unsealed;
  };
  const verify = async (on: RunningService): Promise<object> => {
    const lines = (await (await on.call('POST', '/v1/audit/verify')).text()).trim().split('\n');
    return (JSON.parse(lines.at(-1) ?? '') as { result: object }).result;
  };
  const matches = async (on: RunningService): Promise<number> => {
    const body = JSON.stringify({ signals: [{ type: 'md5', value: MD5 }] });
    const answer = (await (await on.call('POST', '/v1/lookup', body, JSON_TYPE)).json()) as {
      results?: { total: number }[];
    };
    return answer.results?.[0]?.total ?? 0;
  };

  it('keep their batches of events there, where each of them finds all', async () => {
    await makeKey(one, 'by one');
    await eventually(() => unsealed(two)).toBe(0);
    await one.stop();
    await makeKey(two, 'by two');
    await eventually(() => unsealed(two)).toBe(0);
    expect(await verify(two)).toMatchObject({ findings: 0 });
    one = await one.restart();
    await eventually(() => unsealed(one)).toBe(0);
    expect(await verify(one)).toMatchObject({ findings: 0 });
    for (const { data } of [one, two]) expect(await readdir(join(data, 'events'))).toEqual([]);
  });

  it('leave events unsealed while it is away, and seal them when it is back', async () => {
    await objects.crash();
    await makeKey(one, 'meanwhile');
    expect(await unsealed(one)).toBeGreaterThan(0);
    await objects.restart();
    await eventually(() => unsealed(one)).toBe(0);
    expect(await verify(two)).toMatchObject({ findings: 0 });
  });

  it('are backed up with them, and restored into another place of it', async () => {
    const imported = await one.call('PUT', '/v1/lists/few/import?format=csv', `id,md5\ne1,${MD5}\n`, {
      'content-type': 'application/octet-stream',
    });
    expect(imported.status).toBe(200);
    await eventually(() => unsealed(one)).toBe(0);
    const backup = join(root, 'backup');
    expect(await start(['backup', backup, '--data', one.data], env).done).toMatchObject({ code: 0 });
    expect(await readdir(join(backup, 'files'))).toEqual(expect.arrayContaining(['events', 'segments']));

    const elsewhere = {
      ...env,
      DATABASE_URL: await postgres.createDatabase(),
      VIGIE_SEGMENTS: `${objects.bucket}/second`,
    };
    const data = join(root, 'restored');
    const restored = await start(['restore', backup, '--data', data], elsewhere).done;
    expect(restored.stderr).toContain('is in place');
    expect(await readdir(join(data, 'events'))).toEqual([]);
    await using again = await startService({ data, env: elsewhere, args, key: one.key });
    await eventually(() => matches(again)).toBe(1);
    await eventually(() => unsealed(again)).toBe(0);
    expect(await verify(again)).toMatchObject({ findings: 0 });
    const { nodes } = (await (await again.call('GET', '/v1/nodes')).json()) as { nodes: { state: string }[] };
    expect(nodes.map(({ state }) => state).sort()).toEqual(['here', ...nodes.slice(1).map(() => 'left')]);
    expect(nodes.length).toBeGreaterThan(1);
  });
});
