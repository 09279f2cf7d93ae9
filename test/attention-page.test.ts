import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './accessibility.js';
import { dataDirWithAttention } from './attention-left.js';
import { launchChromium, noChromium, watchedPage } from './browser.js';
import { type RunningService, startService } from './service.js';

describe.skipIf(noChromium !== undefined)(noChromium ?? 'attention in the page', { timeout: 120_000 }, () => {
  let service: RunningService;
  let browser: Browser;

  beforeAll(async () => {
    const data = await dataDirWithAttention();
    [service, browser] = await Promise.all([startService({ data, args: ['--decoders', '1'] }), launchChromium()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
  });

  it('shows what needs somebody, and lets somebody deal with it until nothing is left', async () => {
    const { page, trouble } = await watchedPage(browser, service.address);
    await page.goto(service.link);
    const cards = page.getByRole('list', { name: 'What needs somebody' }).getByRole('listitem');
    const disk = cards.filter({ hasText: 'The disk is nearly full' });
    const items = cards.filter({ hasText: 'Items could not be looked at' });
    await disk.getByText('Overdue').waitFor();
    await page.getByText('1 is overdue').waitFor();
    expect(await cards.getByRole('heading').allInnerTexts()).toEqual([
      'The disk is nearly full',
      'Items could not be looked at',
    ]);
    await items.getByText('2 items').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await disk.getByRole('button', { name: 'Acknowledge' }).click();
    await disk.getByText('Seen').waitFor();
    await disk.getByRole('button', { name: 'Resolve' }).click();
    await disk.waitFor({ state: 'detached' });
    await items.getByRole('button', { name: 'Look at them again' }).click();
    await page.getByRole('heading', { name: 'Attention' }).waitFor({ state: 'detached' });
    expect(trouble).toEqual([]);
  });
});
