import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, start } from './command.js';
import { type RunningService, startService } from './service.js';

const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

/** With the real command line, on a service that is at work. */
describe('vigie backup, vigie restore', () => {
  let service: RunningService;
  let root: string;
  let sample: ArrayBuffer;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-backups-'));
    service = await startService({ args: ['--sample', '--decoders', '1', '--allow-no-fsync'] });
    sample = await (await service.call('GET', '/v1/samples/lighthouse-small.jpg')).arrayBuffer();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const backUp = (to: string, ...more: string[]) => start(['backup', to, '--data', service.data, ...more]);
  const restore = (from: string, to: string) =>
    start(['restore', from, '--data', to, '--keys', join(root, 'keys'), '--allow-no-fsync']);
  const verdict = async (of: RunningService): Promise<string> => {
    const answer = await of.call('POST', '/v1/scan', sample, BYTES_TYPE);
    return ((await answer.json()) as { verdict: string }).verdict;
  };
  /** Ends a command with SIGKILL after a while, unless it is done before. */
  const killed = async ({ child, done }: ReturnType<typeof start>, after: number): Promise<Outcome> => {
    await Promise.race([sleep(after), done]);
    child.kill('SIGKILL');
    return await done;
  };

  it('writes one while the service scans, and a service on what was restored gives the same verdicts', async () => {
    const scanning = Promise.all(Array.from({ length: 6 }, () => verdict(service)));
    const made = await backUp(join(root, 'first'), '--keys', join(root, 'keys')).done;
    expect(made.stderr).toMatch(/rows and \d+ files/);
    expect(made.code).toBe(0);
    expect(new Set(await scanning)).toEqual(new Set(['match']));
    expect((await stat(join(root, 'keys'))).mode & 0o777).toBe(0o600);
    expect((await readdir(join(root, 'first'))).sort()).toEqual(['files', 'manifest.json', 'tables']);

    const twice = await backUp(join(root, 'first')).done;
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringMatching(/^vigie: a backup needs a directory that/)]);
    const keyless = await start(['restore', join(root, 'first'), '--data', join(root, 'never'), '--allow-no-fsync'])
      .done;
    expect(keyless.stderr).toMatch(/--keys.*\[seal-key-missing\]/);

    const to = join(root, 'restored');
    const restored = await restore(join(root, 'first'), to).done;
    expect(restored.stderr).toContain('is in place');
    expect(restored.code).toBe(0);
    await using again = await startService({
      data: to,
      key: service.key,
      args: ['--decoders', '1', '--allow-no-fsync'],
    });
    expect(await verdict(again)).toBe('match');
    expect((await again.call('GET', '/v1/status')).status).toBe(200);
  }, 240_000);

  it('is known to the local socket alone', async () => {
    const body = JSON.stringify({ target: join(root, 'remote') });
    const answer = await service.call('POST', '/v1/backup', body, { 'content-type': 'application/json' });
    expect(answer.status).toBe(404);
    expect(await readdir(root)).not.toContain('remote');
  });

  it('leaves no backup that looks whole when it is killed, and the service goes on', async () => {
    for (const [n, after] of [20, 150, 300].entries()) {
      const to = join(root, `killed-${n}`);
      const { code } = await killed(backUp(to), after);
      await expect.poll(async () => (await readdir(to).catch(() => [])).length, { timeout: 20_000 }).toBeLessThan(4);
      const names: readonly string[] = await readdir(to).catch(() => []);
      if (code !== 0 && !names.includes('manifest.json')) {
        const refused = await restore(to, join(root, 'never')).done;
        expect(refused.stderr).toContain('[backup-damaged]');
        expect(await readdir(root)).not.toContain('never');
      }
      expect(await verdict(service)).toBe('match');
    }
  }, 120_000);

  it('can be restored after restores that were killed at any moment', async () => {
    const to = join(root, 'restored-late');
    for (const after of [300, 900, 1_800]) {
      const { code } = await killed(restore(join(root, 'first'), to), after);
      if (code === 0) break;
      const early = await start(['list', 'ls', '--data', to]).done;
      expect(early.stderr).toMatch(/restore-refused|data-dir-missing/);
    }
    const last = await restore(join(root, 'first'), to).done;
    // One of the killed ones may have come to its end.
    expect(last.stderr).toMatch(/is in place|restore-refused/);
    const lists = await start(['list', 'ls', '--data', to, '--format', 'json'], { VIGIE_ALLOW_NO_FSYNC: '1' }).done;
    expect(JSON.parse(lists.stdout)).toHaveLength(1);
  }, 180_000);
});
