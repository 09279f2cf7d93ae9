/** The policy from a file to what it says of an item: command line and API of one real service. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accessibilityFaults } from './accessibility.js';
import { launchChromium, noChromium, watchedPage } from './browser.js';
import { vigie } from './command.js';
import { type RunningService, startService } from './service.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const lighthouse = fileURLToPath(new URL('../samples/pictures/lighthouse.jpg', import.meta.url));
const HIDING = `policy: 1
rules:
  - name: known
    when: { verdict: match, distance: 0-16 }
    do: [hide, open-case: { priority: 10 }]
`;

describe('the policy of a service', () => {
  let service: RunningService;
  let files: string;
  const run = async (...args: string[]) => await vigie(['policy', ...args, '--data', service.data]);
  const file = async (name: string, source: string) => {
    const path = join(files, name);
    await writeFile(path, source);
    return path;
  };
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await service.call(method, path, body === undefined ? undefined : JSON.stringify(body), {
      'content-type': 'application/json',
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  beforeAll(async () => {
    service = await startService({ args: ['--sample'] });
    files = join(service.data, 'files');
    await mkdir(files);
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  it('is checked line by line without a service', async () => {
    const wrong = await file('wrong.yaml', HIDING.replace('0-16', '31-17').replace('hide,', 'erase,'));
    const checked = await vigie(['policy', 'check', wrong]);
    expect(checked.code).toBe(1);
    expect(checked.stdout.split('\n').slice(0, 2)).toEqual([
      `${wrong}:4: rule "known": when.distance: the range is upside down: the smaller number comes first`,
      expect.stringContaining(`${wrong}:5: rule "known": do: there is no such act`),
    ]);
    expect(await vigie(['policy', 'check', await file('right.yaml', HIDING)])).toMatchObject({ code: 0, stdout: '' });
    expect((await run('add', wrong, '--note', 'n')).code).toBe(1);
    const answer = await call('POST', '/v1/policies/check', { source: HIDING.replace('match', 'matsch') });
    expect(answer).toMatchObject({ status: 200, body: { problems: [{ line: 4 }], warnings: [] } });
    const refused = await call('POST', '/v1/policies', { source: 'policy: 1\n', note: 'n' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'policy-invalid' } });
  });

  it('is tried on what was seen, explained, and activated', async () => {
    const form = new FormData();
    form.append('item', JSON.stringify({ platform: 'forum', id: '1', account: 'a', surface: 'public' }));
    form.append('media', new Blob([new Uint8Array(await readFile(lighthouse))]), 'a.jpg');
    const { id } = (await (await service.call('POST', '/v1/items', form)).json()) as { id: string };
    await vi.waitFor(
      async () => expect((await call('GET', `/v1/items/${id}`)).body).toMatchObject({ verdict: { verdict: 'match' } }),
      { timeout: 60_000, interval: 100 },
    );
    const before = await call('GET', `/v1/policies/1/explain?item=${id}`);
    const conditions = ['verdict', 'found', 'grade', 'signal', 'distance'].map((condition) => ({ condition }));
    expect(before.body).toMatchObject({ rules: [{ rule: 'known', conditions }, {}, {}, {}, {}] });

    const added = await run('add', await file('hiding.yaml', HIDING), '--note', 'hides');
    expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining('version 2, a draft') });
    const tried = await run('backtest', '2', '--days', '1', '--format', 'json');
    const report = JSON.parse(tried.stdout);
    expect(report).toMatchObject({ looked: 1, truncated: false, against: 1, differing: 1 });
    expect(report.after.acts.map(({ act }: { act: string }) => act).sort()).toEqual(['hide', 'open-case']);
    for (const { items } of report.differences) expect(items).toEqual([id]);
    expect((await run('backtest', join(files, 'hiding.yaml'))).stdout).toContain('1 verdicts since');

    const explained = await run('explain', id, '--policy', '2');
    expect(explained.stdout).toContain('known (line 3): matched');
    expect(explained.stdout).toContain('Proposed: hide by known; open-case by known');
    expect((await run('diff', '1', '2')).stdout).toContain('- keywords');
    expect((await run('activate', '2', '--reason', 'seen by two')).code).toBe(0);
    expect((await run('activate', '2', '--reason', 'again')).stderr).toContain('[policy-active]');
    const shown = await run('ls', '--format', 'json');
    expect(JSON.parse(shown.stdout).map(({ number, state }: Listed) => [number, state])).toEqual([
      [2, 'active'],
      [1, 'retired'],
    ]);
    expect((await run('show')).stdout).toBe(HIDING);
    const events = await call('GET', '/v1/audit/events?kind=policy.activated');
    expect(JSON.stringify(events.body)).toContain('"policy":2');
    expect((await call('GET', '/v1/policies/9')).body).toMatchObject({ code: 'policy-not-found' });
    const unknown = await call('GET', '/v1/policies/2/explain?item=none');
    expect(unknown).toMatchObject({ status: 404, body: { code: 'item-not-found' } });
  });

  it.skipIf(noChromium !== undefined)(noChromium ?? 'is written, tried and activated in the page', async () => {
    const browser = await launchChromium();
    try {
      const { page, trouble } = await watchedPage(browser, service.address);
      await page.goto(service.link);
      await page.getByRole('link', { name: 'Policy' }).click();
      const rules = page.getByLabel('Rules');
      await page.getByText('Nothing is wrong with it.').waitFor();
      expect(await rules.inputValue()).toBe(HIDING);
      await rules.fill(HIDING.replace('0-16', '16-0'));
      await page.getByText('the range is upside down').waitFor();
      expect(await page.getByRole('button', { name: 'Keep as a draft' }).isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Line 4' }).click();
      const marked = await page.evaluate<string>('getSelection().toString()');
      expect(marked).toBe('    when: { verdict: match, distance: 16-0 }');
      await rules.fill(HIDING.replace('hide, ', ''));
      await page.getByText('Nothing is wrong with it.').waitFor();
      await page.getByRole('button', { name: 'Try it on 7 days' }).click();
      await page.getByText('No longer: hide').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel('What is new').fill('cases only');
      await page.getByRole('button', { name: 'Keep as a draft' }).click();
      await page.getByRole('button', { name: 'Activate … version 3' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').fill('tried');
      expect(await accessibilityFaults(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Activate' }).click();
      await page.getByText('3 · Active').waitFor();
      expect(trouble).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

interface Listed {
  readonly number: number;
  readonly state: string;
}
