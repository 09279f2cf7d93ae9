/** The record of events by the commands, on a running service: whole, and after somebody has changed what was taken out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, vigie } from './command.js';
import { type RunningService, startService } from './service.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('vigie audit', () => {
  let service: RunningService;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-audit-'));
    service = await startService({ args: ['--decoders', '1'] });
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const run = async (...args: string[]) => await vigie(['audit', ...args, '--data', service.data]);
  const sealedBatches = async (): Promise<number> => {
    const answer = await service.call('GET', '/v1/audit/events?limit=1');
    const { sealed } = (await answer.json()) as { sealed: { batches: number; unsealed: number } };
    return sealed.unsealed === 0 ? sealed.batches : 0;
  };

  it('checks the record, and names everything that does not fit in a file that was changed', async () => {
    for (let batches = 1; batches <= 3; batches++) {
      await service.call('POST', '/v1/links');
      await expect.poll(sealedBatches, { timeout: 30_000 }).toBeGreaterThanOrEqual(batches);
    }
    const whole = await run('verify', '--format', 'json');
    expect(whole.code).toBe(0);
    expect(jsonLines<{ result?: { findings: number } }>(whole).at(-1)?.result?.findings).toBe(0);

    const file = join(folder, 'events.jsonl');
    const { stdout } = await run('export');
    await writeFile(file, stdout);
    expect(await run('verify', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('All fits') });
    const altered = stdout.replaceAll('link.created', 'link.unmade');
    const times = altered.split('link.unmade').length - 1;
    expect(times).toBeGreaterThanOrEqual(3);
    await writeFile(file, altered);
    const told = await run('verify', file);
    expect(told.code).toBe(10);
    expect(told.stdout.match(/^batch-file-damaged batch \d+: .+$/gm)?.length).toBeGreaterThanOrEqual(3);
    expect(told.stderr).toMatch(/Take a new export/);
    expect(told.stderr).not.toContain('audit verify');
    const head = await run('verify', file, '--head', 'f'.repeat(64), '--format', 'json');
    expect([head.code, head.stderr]).toEqual([10, expect.stringContaining('The head that was noted')]);
    for (const line of jsonLines(head)) expect(Object.keys(line)).toHaveLength(1);
  });

  it('refuses a kind that there is none of, and names those that may be meant', async () => {
    expect((await run('tail', '--kind', 'link.created')).stdout).toContain('link.created');
    const near = await run('tail', '--kind', 'entry.status-change');
    expect([near.code, near.stderr]).toEqual([2, expect.stringContaining('Did you mean entry.status-changed')]);
    expect((await run('tail', '--kind', 'xyzzy')).stderr).toContain('Kinds are service.started');
    expect((await service.call('GET', '/v1/audit/events?kind=xyzzy')).status).toBe(400);
  });
});
