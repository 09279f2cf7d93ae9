import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { canMount } from './chaos.js';
import { noPostgres, type PostgresCluster, startPostgres } from './databases.js';
import { type RunningService, startService } from './service.js';

/** The real service, whose shared place of files is a small file system of its own. */
describe.skipIf(noPostgres !== undefined || !canMount)('a service whose disk is full', { timeout: 120_000 }, () => {
  let small: string;
  let postgres: PostgresCluster;
  let database: pg.Client;
  let service: RunningService;

  beforeAll(async () => {
    small = await mkdtemp(join(tmpdir(), 'vigie-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small], { stdio: 'ignore' });
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const env = { DATABASE_URL: url, VIGIE_KEY: randomBytes(32).toString('hex'), VIGIE_SEGMENTS: small };
    service = await startService({ env, args: ['--decoders', '1'] });
    database = new pg.Client({ connectionString: url });
    await database.connect();
  }, 120_000);
  afterAll(async () => {
    await database?.end();
    await service?.[Symbol.asyncDispose]();
    await postgres?.stop();
    execFileSync('umount', ['-l', small]);
    await rm(small, { recursive: true, force: true });
  });

  const fill = async (leave: number): Promise<void> => {
    await mkdir(join(small, 'ballast'), { recursive: true });
    const { bavail, bsize } = await statfs(small);
    await writeFile(join(small, 'ballast', randomBytes(4).toString('hex')), Buffer.alloc(bavail * bsize - leave));
  };
  const makeRoom = () => rm(join(small, 'ballast'), { recursive: true, force: true });
  const filesIn = async (folder: string): Promise<string[]> =>
    (await readdir(join(small, folder), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  const hand = async (id: string, files: readonly Uint8Array[]) => {
    const data = new FormData();
    data.append('item', JSON.stringify({ platform: 'forum', id, surface: 'public' }));
    for (const file of files) data.append('media', new Blob([new Uint8Array(file)]), 'a.jpg');
    const answer = await service.call('POST', '/v1/items', data);
    return { status: answer.status, body: (await answer.json()) as { id: string; code?: string } };
  };
  const eventually = (told: () => Promise<unknown>) => expect.poll(told, { timeout: 60_000, interval: 100 });
  const count = async (table: string): Promise<number> =>
    Number((await database.query<{ count: string }>(`SELECT count(*) FROM ${table}`)).rows[0]?.count);

  it('refuses an item whose media have no room, keeps nothing of it, and takes it when there is room', async () => {
    const picture = await photographLikeJpeg(640, 480, 5);
    const large = randomBytes(900_000);
    await fill(800_000);
    // The first of the files still has room.
    const refused = await hand('one', [picture, large]);
    expect([refused.status, refused.body.code]).toEqual([507, 'disk-full']);
    expect([await filesIn('media'), await filesIn('tmp'), await count('item')]).toEqual([[], [], 0]);
    const without = await service.call(
      'POST',
      '/v1/items',
      JSON.stringify({ platform: 'forum', id: 'words', surface: 'public', text: 'words' }),
      { 'content-type': 'application/json' },
    );
    expect(without.status).toBe(202);
    await makeRoom();
    const taken = await hand('one', [picture, large]);
    expect(taken.status).toBe(202);
    await eventually(async () => {
      const item = await (await service.call('GET', `/v1/items/${taken.body.id}`)).json();
      return (item as { state: string }).state;
    }).toBe('told');
  });

  it('leaves events unsealed, says so, and seals them when there is room', async () => {
    const openKinds = async () => {
      const answer = await (await service.call('GET', '/v1/attention?state=open')).json();
      return (answer as { attention: { kind: string }[] }).attention.map(({ kind }) => kind);
    };
    const unsealed = async () => {
      const { sealed } = (await (await service.call('GET', '/v1/audit/events')).json()) as {
        sealed: { unsealed: number };
      };
      return sealed.unsealed;
    };
    await eventually(unsealed).toBe(0);
    await fill(0);
    const batches = await count('event_batch');
    const made = await service.call('POST', '/v1/keys', '{"name":"a key","scopes":["status:read"]}', {
      'content-type': 'application/json',
    });
    expect(made.status).toBe(201);
    await database.query(
      `UPDATE event SET at = at - interval '2 minutes' WHERE xid >= (SELECT max(until_xid) FROM event_batch)`,
    );
    await eventually(openKinds).toContain('events-unsealed');
    expect([await unsealed(), await count('event_batch')]).toEqual([1, batches]);
    expect((await filesIn('events')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await makeRoom();
    await eventually(unsealed).toBe(0);
    await eventually(openKinds).not.toContain('events-unsealed');
    const verified = await (await service.call('POST', '/v1/audit/verify')).text();
    const last = JSON.parse(verified.trim().split('\n').at(-1) ?? '') as { result: object };
    expect(last.result).toMatchObject({ findings: 0, unsealed: 0 });
  });
});
