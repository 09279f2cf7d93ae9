import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from './command.js';
import { noPostgres, type PostgresCluster, startPostgres } from './databases.js';
import { type RunningService, startService } from './service.js';

const LIST = 'shared';
const ENTRIES = 400;
const md5Of = (n: number): string => `e${n.toString(16).padStart(31, '0')}`;

/** Three real processes on one PostgreSQL and one shared directory. */
describe.skipIf(noPostgres !== undefined)(`several nodes ${noPostgres ?? ''}`, { timeout: 180_000 }, () => {
  let root: string;
  let postgres: PostgresCluster;
  let url: string;
  let env: Record<string, string>;
  const nodes: RunningService[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-nodes-'));
    postgres = await startPostgres();
    url = await postgres.createDatabase();
    env = { DATABASE_URL: url, VIGIE_KEY: randomBytes(32).toString('hex'), VIGIE_SEGMENTS: root };
    const args = ['--decoders', '1', '--rate', 'lookup=off'];
    const first = await startService({ env, args });
    nodes.push(first);
    for (let i = 0; i < 2; i++) nodes.push(await startService({ env, args, key: first.key }));
  }, 180_000);
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await postgres?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const at = (index: number): RunningService => nodes[index] as RunningService;

  /** Whether an entry matches on a node; the code of the problem when it gives no answer. */
  const matches = async (node: RunningService, entry: number): Promise<boolean | string> => {
    const body = JSON.stringify({ signals: [{ type: 'md5', value: md5Of(entry) }] });
    const answer = await node.call('POST', '/v1/lookup', body, { 'content-type': 'application/json' });
    const told = (await answer.json()) as { code?: string; results?: { total: number }[] };
    return answer.ok ? (told.results?.[0]?.total ?? 0) > 0 : (told.code ?? String(answer.status));
  };
  const everywhere = async (entry: number) => await Promise.all(nodes.map((node) => matches(node, entry)));
  const eventually = (told: () => Promise<unknown>) => expect.poll(told, { timeout: 60_000, interval: 20 });
  const ready = async () =>
    await Promise.all(nodes.map(async (node) => (await fetch(`${node.address}/readyz`)).status === 200));

  const withdraw = async (node: RunningService, entry: number): Promise<void> => {
    const path = `/v1/lists/${LIST}/entries/e${entry}/withdraw`;
    const answer = await node.call('POST', path, '{"reason":"a test"}', { 'content-type': 'application/json' });
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
  };

  it('know each other', async () => {
    const answer = (await (await at(1).call('GET', '/v1/nodes')).json()) as {
      nodes: { state: string; role: string; self: boolean }[];
    };
    expect(answer.nodes.filter(({ state }) => state === 'here')).toHaveLength(3);
    expect(answer.nodes.filter(({ self }) => self)).toHaveLength(1);
  });

  it('match what one of them has imported, and none what another has withdrawn', async () => {
    const rows = Array.from({ length: ENTRIES }, (_, i) => `e${i},${md5Of(i)}`);
    const imported = await at(0).call('PUT', `/v1/lists/${LIST}/import?format=csv`, `id,md5\n${rows.join('\n')}\n`, {
      'content-type': 'application/octet-stream',
    });
    expect(imported.status, await imported.clone().text()).toBeLessThan(300);
    await eventually(() => everywhere(1)).toEqual([true, true, true]);
    const times: number[] = [];
    for (let entry = 2; entry < 12; entry++) {
      const asked = performance.now();
      await withdraw(at(entry % 3), entry);
      await eventually(() => everywhere(entry)).toEqual([false, false, false]);
      times.push(performance.now() - asked);
    }
    times.sort((a, b) => a - b);
    console.log(
      `withdrawn to gone on 3 nodes: median ${times[5]?.toFixed(0)} ms, slowest ${times.at(-1)?.toFixed(0)} ms`,
    );
    expect(await everywhere(1)).toEqual([true, true, true]);
  });

  it('that was stopped gives no answer of before when it wakes', async () => {
    // The steady and the wall clock go on while it stands still, as they do when a machine sleeps and wakes.
    at(2).process.kill('SIGSTOP');
    const asked = matches(at(2), 20);
    await withdraw(at(0), 20);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    at(2).process.kill('SIGCONT');
    expect(await asked).toBe(false);
    expect(await matches(at(2), 21)).toBe(true);
  });

  it('take a change in which is committed long after a later one was asked for', async () => {
    const [slow, watcher] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
    await Promise.all([slow.connect(), watcher.connect()]);
    try {
      const { rows } = await slow.query<{ id: string }>('SELECT id FROM list WHERE name = $1', [LIST]);
      const payload = JSON.stringify({ status: 'withdrawn', entries: ['e30'] });
      await slow.query('BEGIN');
      await slow.query('SELECT pg_advisory_xact_lock(1447642953, 2)');
      await slow.query(
        `INSERT INTO list_change (seq, list_id, kind, payload)
         SELECT max(seq) + 1, $1, 'entry', $2::jsonb FROM list_change`,
        [rows[0]?.id, payload],
      );
      const later = withdraw(at(1), 31);
      await eventually(async () => {
        const waiting = await watcher.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'`,
        );
        return waiting.rowCount;
      }).toBeGreaterThan(0);
      await slow.query('COMMIT');
      await later;
      await eventually(() => everywhere(31)).toEqual([false, false, false]);
      expect(await everywhere(30)).toEqual([false, false, false]);
    } finally {
      await Promise.all([slow.end(), watcher.end()]);
    }
  });

  it('say that they cannot know while PostgreSQL is away, and catch up when it is back', async () => {
    await postgres.crash();
    // Neither yes nor no: the key, or what was withdrawn meanwhile, cannot be looked up.
    const refused = expect.stringMatching(/^(index-stale|database-unavailable)$/);
    await eventually(() => everywhere(40)).toEqual([refused, refused, refused]);
    await eventually(ready).toEqual([false, false, false]);
    await postgres.restart();
    await eventually(ready).toEqual([true, true, true]);
    await eventually(() => everywhere(40)).toEqual([true, true, true]);
    await eventually(() =>
      withdraw(at(1), 40).then(
        () => true,
        () => false,
      ),
    ).toBe(true);
    await eventually(() => everywhere(40)).toEqual([false, false, false]);
  });

  it('free what a killed one was doing when it comes back, and tell who has left', async () => {
    const states = async () => {
      const answer = (await (await at(0).call('GET', '/v1/nodes')).json()) as { nodes: { state: string }[] };
      return answer.nodes.map(({ state }) => state).sort();
    };
    await at(1).kill();
    nodes[1] = await at(1).restart();
    await eventually(states).toEqual(['here', 'here', 'here', 'left']);
    await at(2).stop();
    await eventually(states).toEqual(['here', 'here', 'left', 'left']);
    nodes[2] = await at(2).restart();
    await eventually(() => everywhere(1)).toEqual([true, true, true]);
  });

  it('include no worker without what it must share', async () => {
    const data = join(root, 'worker');
    const { VIGIE_KEY: _key, ...keyless } = env;
    for (const [given, detail] of [
      [{}, 'DATABASE_URL'],
      [{ DATABASE_URL: url }, '--segments'],
      [keyless, 'key'],
    ] as const) {
      const told = await start(['worker', '--data', data], given).done;
      expect(told.code).not.toBe(0);
      expect(told.stderr).toContain(detail);
    }
  });
});
