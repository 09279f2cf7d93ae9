/** The contract of the commands that change things: through the running service, and without one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, start, vigie } from './command.js';
import { newDataDir, type RunningService, startService } from './service.js';

// Every command is a process of its own; on a busy machine that adds up.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const samples = fileURLToPath(new URL('../samples/', import.meta.url));
const lighthouse = `${samples}pictures/lighthouse.jpg`;

let data: string;
const run = async (args: readonly string[], stdin: string | Uint8Array = '') =>
  await vigie([...args, '--data', data], stdin);
const versionOf = async (name: string): Promise<number | null> =>
  JSON.parse((await run(['list', 'show', name, '--format', 'json'])).stdout).version;

beforeAll(async () => {
  data = await newDataDir();
});

afterAll(async () => {
  await rm(data, { recursive: true, force: true });
});

describe('without a service', () => {
  it('commands own the data directory themselves', async () => {
    const imported = await run(['list', 'import', `${samples}sample-list.csv`, '--name', 'first', '--source', 'test']);
    expect(imported).toMatchObject({ code: 0, stdout: '' });
    expect(imported.stderr).toContain('first is at version 1 with 7 entries.');
    const asked = await run(['scan', lighthouse]);
    expect(asked).toMatchObject({ code: 1, stdout: '' });
    expect(asked.stderr).toContain('[service-not-running]');
  });

  it('renews the key that seals the data, and what was sealed stays readable', async () => {
    expect((await run(['key', 'rotate-seal'])).code).toBe(0);
    expect(await versionOf('first')).toBe(1);
  });
});

describe('with a running service', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await startService({ data });
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
  });

  it('scans through it, and entries stop and start to match', async () => {
    const verdict = async () => {
      const outcome = await run(['scan', lighthouse, '--format', 'jsonl']);
      return [outcome.code, jsonLines(outcome)[0]?.['verdict']];
    };
    expect(await verdict()).toEqual([10, 'match']);
    expect((await run(['list', 'withdraw', 'first', 'sample-01', '--reason', 'a test'])).code).toBe(0);
    expect(await verdict()).toEqual([0, 'no-match']);
    expect((await run(['list', 'restore', 'first', 'sample-01', '--reason', 'a test'])).code).toBe(0);
    expect(await verdict()).toEqual([10, 'match']);
  });

  it('shows and changes how the matches of a list are judged', async () => {
    const rules = async (...args: string[]) =>
      JSON.parse((await run(['list', 'rules', 'first', ...args, '--format', 'json'])).stdout);
    expect(await rules()).toEqual({ role: 'block', shadow: false, rules: {}, thresholds: {}, sampleRatio: 1 });
    expect(await rules('--shadow', 'on', '--grades', 'A,B', '--threshold', 'pdq=20', '--sample', '0.5')).toEqual({
      ...{ role: 'block', shadow: true, rules: { grades: ['A', 'B'] }, thresholds: { pdq: 20 }, sampleRatio: 0.5 },
    });
    expect(await rules('--drop-at-negative', '2', '--threshold', 'vpdq=18')).toMatchObject({
      rules: { grades: ['A', 'B'], dropAtNegative: 2 },
      thresholds: { pdq: 20, vpdq: 18 },
    });
    expect((await run(['list', 'rules', 'first'])).stdout).toContain('50 % of media');
    expect(await rules('--reset')).toMatchObject({ shadow: true, rules: {}, thresholds: {}, sampleRatio: 1 });
    const tried = await run(['scan', lighthouse]);
    expect([tried.code, tried.stdout]).toEqual([0, expect.stringContaining('nothing-known; in shadow: first')]);
    expect(jsonLines(await run(['scan', lighthouse, '--format', 'jsonl']))[0]).toMatchObject({
      matches: [],
      withoutEffect: [{ list: 'first', entry: 'sample-01', shadow: true }],
    });
    expect((await run(['list', 'ls'])).stdout).toMatch(/first.*shadow/);
    await rules('--shadow', 'off');
  });

  it('imports vPDQ files, one or several, each an entry named by its file', async () => {
    const hex = 'c3'.repeat(32);
    const folder = await mkdtemp(join(tmpdir(), 'vigie-vpdq-'));
    const [lines, json, bad] = ['lines.txt', 'json.vpdq', 'bad.txt'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    try {
      await writeFile(lines, `0,100,${hex},0.000\n30,20,${hex},1.001\n`);
      await writeFile(json, gzipSync(JSON.stringify([`${hex},90,0`, `${hex},90,61.5`])));
      await writeFile(bad, `0,100,${hex},0.000\n30,100,${hex.slice(1)},1.001\n`);
      expect((await run(['list', 'import', lines, json])).stderr).toContain('--name');
      const imported = await run(['list', 'import', lines, json, bad, '--name', 'clips']);
      expect(imported).toMatchObject({ code: 0, stderr: expect.stringContaining('version 1 with 3 entries.') });
      expect(imported.stdout).toMatch(/rejected: malformed-signal\s+1\s+3\/2/);
      expect(imported.stdout + imported.stderr).not.toContain(hex.slice(1));
      const exported = await run(['list', 'export', 'clips', '--format', 'jsonl', '--i-am-allowed']);
      expect(jsonLines(exported)).toMatchObject([
        { id: 'lines', kind: 'video', vpdq: [`${hex},100,0`, `${hex},20,1.001`] },
        { id: 'json', kind: 'video', vpdq: [`${hex},90,0`, `${hex},90,61.5`] },
        { id: 'bad', vpdq: [`${hex},100,0`] },
      ]);
      const single = await run(['list', 'import', lines, '--name', 'clip']);
      expect(single).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('clip is at version 1 with 1 entries.'),
      });
      expect(JSON.parse((await run(['list', 'show', 'clip', '--format', 'json'])).stdout).signals).toEqual({
        vpdq: { values: 2, active: 1 },
      });
      const own = await run(['list', 'export', 'clip', '--format', 'jsonl', '--i-am-allowed']);
      expect(jsonLines(own)[0]).toMatchObject({ id: 'lines' });
      for (const name of ['clips', 'clip']) expect((await run(['list', 'remove', name])).code).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('imports from a pipe, gzip too, tells what was rejected, and rolls back', async () => {
    const line = `plain-1,${'0123456789abcdef'.repeat(2)}\n`;
    const list = gzipSync(`id,md5\n${line}bad,xyz\n`);
    const imported = await run(['list', 'import', '-', '--name', 'second'], list);
    expect(imported).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('second is at version 1 with 1 entries.'),
    });
    expect(imported.stdout).toMatch(/rejected: malformed\S*\s+1\s+3/);
    expect((await run(['list', 'import', '-', '--name', 'second'], `md5\n${'ab'.repeat(16)}\n`)).code).toBe(0);
    expect(await versionOf('second')).toBe(2);
    expect((await run(['list', 'rollback', 'second'])).code).toBe(0);
    expect(await versionOf('second')).toBe(1);
    const refused = await run(['list', 'export', 'second']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('[export-refused]');
    const exported = await run(['list', 'export', 'second', '--i-am-allowed']);
    expect(exported.stdout).toContain('0123456789abcdef');
    expect((await run(['list', 'remove', 'second'])).code).toBe(0);
    expect((await run(['list', 'show', 'second'])).stderr).toContain('[list-not-found]');
  });

  it('leaves a list as it was when an import is interrupted', async () => {
    const before = await versionOf('first');
    const { child, done } = await importUnderWay(['list', 'import', '-', '--name', 'first', '--data', data]);
    child.kill('SIGINT');
    expect((await done).code).toBe(130);
    expect(await versionOf('first')).toBe(before);
    expect((await run(['scan', lighthouse])).code).toBe(10);
  });

  it('creates a key that works at once, and revokes it', async () => {
    const created = await run(['key', 'create', 'a platform', '--scope', 'lists:read']);
    const headers = { authorization: `Bearer ${created.stdout.trim()}` };
    expect((await service.call('GET', '/v1/lists', undefined, headers)).status).toBe(200);
    expect((await service.call('GET', '/v1/status', undefined, headers)).status).toBe(403);
    const id = /Key (\S+) for lists:read/.exec(created.stderr)?.[1] ?? '';
    expect((await run(['key', 'revoke', id])).code).toBe(0);
    expect((await run(['key', 'revoke', id])).stderr).toContain('[key-not-found]');
    await expect
      .poll(async () => (await service.call('GET', '/v1/lists', undefined, headers)).status, { timeout: 10_000 })
      .toBe(401);
  });

  it('makes a link that opens the page', async () => {
    const link = (await run(['link'])).stdout.trim();
    expect(link.startsWith(`${service.address}/open#`)).toBe(true);
  });

  it('tells who holds the directory, when a second service is started on it', async () => {
    const second = await run(['serve', '--port', '0']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('[data-dir-in-use]');
    expect(second.stderr).toContain(String(service.process.pid));
  });

  it('tells that the service went away in the middle of an import, and changes nothing', async () => {
    const before = await versionOf('first');
    const { done } = await importUnderWay(['list', 'import', '-', '--name', 'first', '--data', data]);
    await service.kill();
    const outcome = await done;
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('[service-lost]');
    expect(await versionOf('first')).toBe(before);
  });
});

/** An import that the service has begun with, and that goes on until it is ended. */
async function importUnderWay(args: readonly string[]): Promise<ReturnType<typeof start>> {
  for (;;) {
    const running = start(args);
    running.child.stdin.write('md5\n');
    while (running.child.exitCode === null) {
      running.child.stdin.write(`${'cd'.repeat(16)}\n`.repeat(10_000));
      // Refused when the service has begun with the first; otherwise it can be used in no case and changes nothing.
      const other = await run(['list', 'import', '-', '--name', 'first'], 'md5\nnone\n');
      if (other.stderr.includes('[import-in-progress]')) return running;
    }
    // The other one had come in between, and the first was refused.
  }
}
