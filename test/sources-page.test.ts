/** Lists that are alive, as people see and steer them in the page: against a real service and a real server of files. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Loopback, listenOnLoopback } from '../src/lists/sources/testing/loopback.js';
import { accessibilityFaults } from './accessibility.js';
import { launchChromium, noChromium, watchedPage } from './browser.js';
import { type RunningService, startService } from './service.js';

const TOKEN = 'a-token-for-the-test-alone';
const hash = (n: number): string => n.toString(16).padStart(32, '0');
const csv = (entries: number): string =>
  `id,grade,md5\n${Array.from({ length: entries }, (_, i) => `e${i},A,${hash(i + 1)}\n`).join('')}`;

describe.skipIf(noChromium !== undefined)(noChromium ?? 'living lists in the page', { timeout: 180_000 }, () => {
  let service: RunningService;
  let browser: Browser;
  let server: Loopback;
  /** What the server gives now. */
  let content = csv(200);

  beforeAll(async () => {
    server = await listenOnLoopback(({ headers }, response) => {
      const known = headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(known ? 200 : 401, { 'content-type': 'text/csv' }).end(known ? content : '');
    });
    [service, browser] = await Promise.all([
      startService({ args: ['--decoders', '1', '--allow-fetch-from', '127.0.0.1'] }),
      launchChromium(),
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it('adds a source, follows it, holds a large removal, goes back', async () => {
    const { page, trouble } = await watchedPage(browser, service.address);
    await page.goto(service.link);
    await page.getByRole('link', { name: 'Sources' }).click();
    await page.getByText('No list is kept up to date by a source yet.').waitFor();
    await add(page);

    const card = page.getByRole('list', { name: 'Sources of lists' }).getByRole('listitem');
    await card.getByText('Up to date').waitFor();
    await card.getByText('200 added').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    content = csv(20);
    await card.getByRole('button', { name: 'Sync now' }).click();
    await card.getByText('It would remove 180 of 200 entries (90 %)').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await card.getByRole('button', { name: 'Let it remove them' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('then holds 20 entries').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Let it remove them' }).click();
    await card.getByText('180 removed').waitFor();
    await card.getByText('Up to date').waitFor();

    await card.getByRole('button', { name: 'Switch off' }).click();
    await card.getByText('Switched off', { exact: true }).waitFor();
    await page.reload();
    await card.getByText('never: it is switched off').waitFor();
    await goBack(page);
    await judgeOtherwise(page);
    // What was refused on purpose: another token, and a distance beyond all.
    expect(trouble.map((text) => /status of (\d+)/.exec(text)?.[1] ?? text)).toEqual(['502', '400']);
  });

  const listCard = (page: Page) =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'exchange', exact: true }) });

  const goBack = async (page: Page): Promise<void> => {
    await page.getByRole('link', { name: 'Scan' }).click();
    const list = listCard(page);
    const dialog = page.getByRole('dialog');
    await list.getByText('Versions and changes').click();
    await list.getByRole('button', { name: 'Compare version 1' }).click();
    await dialog.getByRole('row', { name: 'All' }).waitFor();
    expect(await dialog.getByRole('row', { name: 'All' }).getByRole('cell').allInnerTexts()).toEqual(['180', '0', '0']);
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Go back to version 1' }).click();
    await dialog.waitFor({ state: 'detached' });
    await list.getByText('version 1', { exact: true }).waitFor();
  };

  const judgeOtherwise = async (page: Page): Promise<void> => {
    const list = listCard(page);
    const dialog = page.getByRole('dialog');
    await list.getByRole('button', { name: 'Rules' }).click();
    await dialog.getByLabel('Effect').selectOption('shadow');
    await dialog.getByLabel('Grades').fill('A, B');
    await dialog.getByLabel('PDQ', { exact: true }).fill('999');
    await dialog.getByRole('button', { name: 'Apply the rules' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('PDQ', { exact: true }).fill('20');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Apply the rules' }).click();
    await dialog.waitFor({ state: 'detached' });
    await list.getByText('Shadow', { exact: true }).waitFor();
    const rules = await (await service.call('GET', '/v1/lists/exchange/rules')).json();
    expect(rules).toEqual({
      ...{ role: 'block', shadow: true, sampleRatio: 1 },
      ...{ rules: { grades: ['A', 'B'] }, thresholds: { pdq: 20 } },
    });
  };

  const add = async (page: Page): Promise<void> => {
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Add a source' }).click();
    await dialog.getByLabel('Kind').selectOption('ncmec');
    expect(await dialog.getByLabel('Password').getAttribute('type')).toBe('password');
    await dialog.getByRole('button', { name: 'Add the source' }).click();
    expect(await dialog.getByText('This is needed.').count()).toBe(2);
    await dialog.getByLabel('Kind').selectOption('https');
    expect(await dialog.getByLabel('Bearer').getAttribute('type')).toBe('password');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByLabel('Name', { exact: true }).fill('exchange');
    await dialog.getByLabel('Url').fill(server.address);
    await dialog.getByLabel('Bearer').fill('another-token');
    await dialog.getByRole('button', { name: 'Test the connection' }).click();
    await dialog.getByText('source-refused').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByLabel('Bearer').fill(TOKEN);
    await dialog.getByRole('button', { name: 'Test the connection' }).click();
    await dialog.getByText('The source answers').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add the source' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(TOKEN);
  };
});
