/** Own lists as two persons keep them in the page, what follows from them, and to whom they are published. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { accessibilityFaults } from './accessibility.js';
import { launchChromium, noChromium, type WatchedPage, watchedPage } from './browser.js';
import { type RunningService, startService } from './service.js';

const PHONE = { viewport: { width: 390, height: 844 } };
const JSON_TYPE = { 'content-type': 'application/json' };

describe.skipIf(noChromium !== undefined)(noChromium ?? 'curation in the page', { timeout: 240_000 }, () => {
  let service: RunningService;
  let browser: Browser;
  /** One who proposes, and one who decides, on a telephone. */
  let anna: WatchedPage;
  let ben: WatchedPage;
  let picture: Buffer;

  beforeAll(async () => {
    [service, browser, picture] = await Promise.all([
      startService({ args: ['--decoders', '1'] }),
      launchChromium(),
      photographLikeJpeg(640, 480, 7).then((bytes) => Buffer.from(bytes)),
    ]);
    anna = await watchedPage(browser, service.address);
    ben = await watchedPage(browser, service.address, PHONE);
    await anna.page.goto(service.link);
    const { link } = (await (await service.call('POST', '/v1/links')).json()) as { link: string };
    await ben.page.goto(`${service.address}/open#${link}`);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
  });

  const dialogOf = (page: Page): Locator => page.getByRole('dialog');
  const goTo = async (page: Page, name: string): Promise<void> => await page.getByRole('link', { name }).click();
  const file = () => ({ name: 'picture.jpg', mimeType: 'image/jpeg', buffer: picture });
  const closed = async (page: Page): Promise<void> => await dialogOf(page).waitFor({ state: 'detached' });

  it('lets one propose and another decide, and tells what was found of it earlier', async () => {
    const octets = { 'content-type': 'application/octet-stream' };
    const { verdict } = (await (
      await service.call('POST', '/v1/scan?itemRef=message-7', new Uint8Array(picture), octets)
    ).json()) as { verdict: string };
    expect(verdict).toBe('no-match');

    const { page } = anna;
    const dialog = dialogOf(page);
    await goTo(page, 'Curation');
    await page.getByText('Nothing waits for a second person.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make a list' }).click();
    await dialog.getByLabel('Name').fill('own');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Make the list' }).click();
    await closed(page);

    await page.getByRole('button', { name: 'Propose' }).click();
    await dialog.getByRole('button', { name: 'Propose it' }).click();
    await dialog.getByText('Choose the picture or clip.').waitFor();
    await dialog.locator('input[type=file]').setInputFiles(file());
    await dialog.getByLabel('Grade').fill('A');
    await dialog.getByLabel('Why').fill('Seen in report 12.');
    expect(await dialog.getByText('This is needed.').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Propose it' }).click();
    await dialog.getByText('It waits for somebody else').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Look at it and decide' }).click();
    await dialog.getByText('somebody else has to approve it').waitFor();
    expect(await dialog.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.keyboard.press('Escape');

    const second = ben.page;
    await goTo(second, 'Curation');
    await second.getByText('Seen in report 12.').waitFor();
    expect(await second.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await second.getByRole('button', { name: 'Look at it and decide' }).click();
    await dialogOf(second).getByText('Nothing in the lists is the same or near.').waitFor();
    expect(await accessibilityFaults(second)).toEqual([]);
    expect(await dialogOf(second).getByRole('button', { name: 'Refuse' }).isDisabled()).toBe(true);
    await dialogOf(second).getByRole('button', { name: 'Approve' }).click();
    await closed(second);
    await second.getByRole('button', { name: 'All, newest first' }).click();
    await second.getByText('Approved').waitFor();

    await goTo(second, 'Finds');
    await second.getByRole('heading', { name: 'message-7' }).waitFor();
    await second.getByRole('list', { name: 'Runs' }).getByText('Done').first().waitFor();
    expect(await accessibilityFaults(second)).toEqual([]);
  });

  it('takes judgements, doubts and withdrawals; what was withdrawn comes back by two', async () => {
    const { page } = anna;
    const dialog = dialogOf(page);
    await goTo(page, 'Scan');
    await page.locator('main input[type=file]').first().setInputFiles(file());
    await page.getByRole('button', { name: 'Refute' }).click();
    expect(await dialog.getByRole('button', { name: 'Refute the match' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('It shows something else.');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Refute the match' }).click();
    await page.getByText('it goes on matching until somebody withdraws it').waitFor();
    await page.getByText('1 refuted').waitFor();

    await page.getByRole('button', { name: 'Look at the entry' }).click();
    await dialog.getByText('What was said of it').waitFor();
    await dialog.getByText('It shows something else.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Withdraw it' }).click();
    await page.getByLabel('Reason').fill('It does not belong here.');
    await page.getByRole('button', { name: 'Withdraw the entry' }).click();
    await dialog.getByText('Withdrawn', { exact: true }).first().waitFor();
    await dialog.getByRole('button', { name: 'Let it match again' }).click();
    await page.getByLabel('Reason').fill('It does belong here.');
    await page.getByRole('button', { name: 'Propose it' }).click();
    await closed(page);

    await goTo(page, 'Curation');
    await page.getByText('Let an entry match again').waitFor();
    await page.getByRole('list', { name: 'Entries' }).getByText('It does not belong here.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const second = ben.page;
    await goTo(second, 'Curation');
    await second.getByRole('button', { name: 'Look at it and decide' }).click();
    await dialogOf(second).getByRole('button', { name: 'Approve' }).click();
    await closed(second);
    await page.getByRole('list', { name: 'Entries' }).getByText('Matches', { exact: true }).waitFor();
  });

  it('publishes a list, shows the key of a member once, and what the member fed back', async () => {
    const { page } = anna;
    const dialog = dialogOf(page);
    await goTo(page, 'Publishing');
    await page.getByText('nothing leaves the house').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Publish a list' }).click();
    await dialog.getByLabel('Members in').fill('Britain');
    await dialog.getByRole('button', { name: 'Publish the list' }).click();
    await dialog.getByText('Two letters each').waitFor();
    await dialog.getByLabel('Members in').fill('gb');
    await dialog.getByLabel('Terms').fill('Agreement 7.');
    await dialog.getByLabel('Why').fill('It was signed.');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Publish the list' }).click();
    await closed(page);

    await page.getByRole('button', { name: 'Add a member' }).click();
    await dialog.getByLabel('Name', { exact: true }).fill('Example Chat');
    await dialog.getByLabel('Is in').fill('GB');
    await dialog.getByLabel('own').check();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add the member' }).click();
    const key = await dialog.getByText(/^vigie_member_/).textContent();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'I have it' }).click();
    await closed(page);
    expect(await page.content()).not.toContain(key ?? 'vigie_member_');

    const statuses = await (await service.call('GET', '/v1/entry-statuses?list=own')).json();
    const { entry } = (statuses as { statuses: { entry: string }[] }).statuses[0] ?? {};
    const told = await fetch(`${service.address}/feed/v1/lists/own/entries/${entry}/opinion`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, ...JSON_TYPE },
      body: JSON.stringify({ opinion: 'refuted', signal: 'pdq', reason: 'Not what we see.' }),
    });
    expect(told.ok).toBe(true);
    await page.getByText('What members fed back').click();
    await page.getByRole('list', { name: 'What members fed back on own' }).getByText('by Example Chat').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByRole('button', { name: 'Revoke' }).click();
    await dialog.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByRole('list', { name: 'Members' }).getByText('Revoked', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Publish it no longer' }).click();
    await dialog.getByLabel('Reason').fill('It has ended.');
    await dialog.getByRole('button', { name: 'Publish it no longer' }).click();
    await page.getByText('nothing leaves the house').waitFor();
  });

  it('loads a list of keywords and checks a text, and nothing went wrong on the way', async () => {
    const { page } = anna;
    const dialog = dialogOf(page);
    await goTo(page, 'Scan');
    await page.getByRole('button', { name: 'Load a list' }).click();
    const words = { name: 'words.txt', mimeType: 'text/plain', buffer: Buffer.from('harbour light\n') };
    await dialog.locator('input[type=file]').setInputFiles(words);
    await dialog.getByLabel('Holds').selectOption('keywords');
    await dialog.getByRole('button', { name: 'Load the list' }).click();
    await page.getByText('a person is asked to look; never a match').waitFor();
    await page.keyboard.press('Escape');
    await closed(page);
    await page.getByText('Check a text or an address').click();
    await page.getByLabel('Text', { exact: true }).fill('see the HARBOUR light');
    await page.getByRole('button', { name: 'Check it' }).click();
    await page.getByText('1 keyword for a person to look at').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect([...anna.trouble, ...ben.trouble]).toEqual([]);
  });
});
