/** What is done on a platform, as people see, decide and stop it in the page: the real service, and a server of the Bot API. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BotApiServer, TOKEN } from '../src/platforms/telegram/testing/bot-api-server.js';
import { accessibilityFaults } from './accessibility.js';
import { launchChromium, noChromium, type WatchedPage, watchedPage } from './browser.js';
import { type RunningService, startService } from './service.js';

const PHONE = { viewport: { width: 360, height: 780 }, colorScheme: 'dark' } as const;
const LONG = { timeout: 60_000, interval: 50 };

describe.skipIf(noChromium !== undefined)(noChromium ?? 'enforcement in the page', { timeout: 240_000 }, () => {
  let service: RunningService;
  let browser: Browser;
  let telegram: BotApiServer;
  let group: ReturnType<BotApiServer['world']['group']>;
  let picture: Buffer;
  let desk: WatchedPage;
  let phone: WatchedPage;

  beforeAll(async () => {
    [service, browser, telegram] = await Promise.all([
      startService({ args: ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1'] }),
      launchChromium(),
      BotApiServer.open(),
    ]);
    group = telegram.world.group(-1_001, 'harbour');
    const { samples } = (await (await service.call('GET', '/v1/samples')).json()) as {
      samples: { name: string; expect: string }[];
    };
    const name = samples.find((each) => each.expect === 'match' && /\.(png|jpe?g|webp)$/.test(each.name))?.name;
    picture = Buffer.from(await (await service.call('GET', `/v1/samples/${name}`)).arrayBuffer());
    desk = await watchedPage(browser, service.address);
    phone = await watchedPage(browser, service.address, PHONE);
    await desk.page.goto(service.link);
    const { link } = (await (await service.call('POST', '/v1/links')).json()) as { link: string };
    await phone.page.goto(`${service.address}/open#${link}`);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await telegram?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const post = (): number => {
    const { id, unique } = telegram.world.file(picture);
    return telegram.world.post(group, { photo: [{ file_id: id, file_unique_id: unique, width: 640, height: 480 }] })
      .message_id;
  };
  const dialogOf = (page: Page): Locator => page.getByRole('dialog');
  const closed = async (page: Page): Promise<void> => await dialogOf(page).waitFor({ state: 'detached' });
  const goTo = async (page: Page, name: string): Promise<void> =>
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
  const cards = (page: Page, list: string): Locator =>
    page.getByRole('list', { name: list, exact: true }).locator(':scope > li');
  const sound = async ({ page, trouble }: WatchedPage): Promise<void> => {
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(trouble).toEqual([]);
  };
  const say = async (page: Page, button: string, reason?: string): Promise<void> => {
    if (reason !== undefined) await dialogOf(page).getByLabel('Reason').fill(reason);
    await dialogOf(page).getByRole('button', { name: button, exact: true }).click();
    await closed(page);
  };

  it('adds a platform by its form, and writes down what it would do until it is told to act', async () => {
    const { page } = desk;
    const dialog = dialogOf(page);
    await goTo(page, 'Platforms');
    await page.getByText('No platform is watched yet.').waitFor();
    await sound(desk);
    await page.getByRole('button', { name: 'Add a platform' }).click();
    await dialog.getByLabel('Kind').selectOption('telegram');
    await dialog.getByRole('button', { name: 'Add the platform' }).click();
    expect(await dialog.getByText('This is needed.').count()).toBe(1);
    await dialog.getByLabel('Name', { exact: true }).fill('tg');
    expect(await dialog.getByLabel('Token').getAttribute('type')).toBe('password');
    await dialog.getByLabel('Token').fill(TOKEN);
    await dialog.getByText('More settings').click();
    await dialog.getByLabel('Base url').fill(telegram.origin);
    await sound(desk);
    await dialog.getByRole('button', { name: 'Test the connection' }).click();
    await dialog.getByText('The platform answers').waitFor();
    await dialog.getByRole('button', { name: 'Add the platform' }).click();
    await closed(page);
    expect(await page.content()).not.toContain(TOKEN);
    const card = cards(page, 'Platforms').filter({ hasText: 'tg' });
    await card.getByText('Connected', { exact: true }).waitFor();
    await card.getByText('Dry run', { exact: true }).waitFor();
    await sound(desk);

    const kept = post();
    await goTo(page, 'Actions');
    const action = cards(page, 'Actions').first();
    await action.getByText('Written down and not sent').waitFor();
    await sound(desk);
    expect(group.messages.has(kept)).toBe(true);
    await goTo(page, 'Platforms');
    await card.getByRole('button', { name: 'Act for real' }).click();
    await dialog.getByText('before the eyes of its users').waitFor();
    await sound(desk);
    await say(page, 'Act for real');
    await card.getByText('Acts for real', { exact: true }).waitFor();

    await card.getByRole('button', { name: 'Change' }).click();
    await dialog.getByText('Leave them empty').waitFor();
    await dialog.getByLabel('Log channel').waitFor({ state: 'attached' });
    expect(await dialog.getByLabel('Token').inputValue()).toBe('');
    await say(page, 'Change it');
    await card.getByText('Connected', { exact: true }).waitFor();
  });

  it('removes what a list names, and tells how long it took', async () => {
    const { page } = desk;
    const gone = post();
    await vi.waitFor(() => expect(group.messages.has(gone)).toBe(false), LONG);
    const card = cards(page, 'Platforms').filter({ hasText: 'tg' });
    await page.reload();
    await card.getByText('1 removal in the last day').waitFor();
    await card.getByText('By stage').click();
    const table = card.getByRole('table', { name: 'Times of removals on tg' });
    expect(await table.getByRole('row').count()).toBe(7);
    await sound(desk);
  });

  it('stops everything for all to see; what is held is approved by a person, and the stop lifted', async () => {
    const { page } = desk;
    const dialog = dialogOf(page);
    await page.getByRole('button', { name: 'Stop everything' }).click();
    expect(await dialog.getByRole('button', { name: 'Stop it now' }).isDisabled()).toBe(true);
    await sound(desk);
    await say(page, 'Stop it now', 'the list is wrong');
    const bar = phone.page.getByRole('status', { name: 'Emergency stop' });
    await bar.getByText('Enforcement is stopped on all platforms').waitFor();
    await bar.getByText('the list is wrong').waitFor();
    await phone.page.getByRole('link', { name: 'Go to the platforms' }).waitFor();
    await sound(phone);

    const held = [post(), post()];
    const left = () => held.filter((id) => group.messages.has(id)).length;
    await goTo(page, 'Actions');
    await page.getByLabel('State', { exact: true }).selectOption('proposed');
    const action = cards(page, 'Actions').first();
    await expect.poll(() => cards(page, 'Actions').getByText('Enforcement was stopped.').count(), LONG).toBe(2);
    expect(left()).toBe(2);
    await action.getByRole('button', { name: 'Approve' }).click();
    await dialog.getByLabel('Reason').fill('It is known.');
    await dialog.getByRole('button', { name: 'Approve it' }).click();
    await dialog.getByText('enforcement-stopped').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(left()).toBe(2);

    await bar.getByRole('button', { name: 'Lift the stop' }).click();
    await dialogOf(phone.page).getByText('What was held back: 2 acts').waitFor();
    expect(await dialogOf(phone.page).getByLabel('Leave it to people').isChecked()).toBe(true);
    await sound(phone);
    await say(phone.page, 'Lift the stop');
    await bar.getByText('Enforcement is stopped').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Choose all 2' }).click();
    await page.getByText('2 chosen').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Approve 2' }).click();
    await say(page, 'Approve them', 'They are known.');
    await page.getByText('2 actions were approved.').waitFor();
    await vi.waitFor(() => expect(left()).toBe(0), LONG);
    await page.getByLabel('State', { exact: true }).selectOption('confirmed');
    await action.getByText('Confirmed', { exact: true }).waitFor();
    await action.getByText('by you,').waitFor();
    // What was asked for in vain on purpose, while enforcement was stopped.
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(desk.trouble.map((text) => /status of (\d+)/.exec(text)?.[1] ?? text)).toEqual(['409']);
  });

  it('lets a person decide cases, with what was done and what follows from it', async () => {
    const { page } = phone;
    await goTo(page, 'Cases');
    const open = cards(page, 'Cases');
    await expect.poll(() => open.count(), LONG).toBe(4);
    const first = open.first();
    await first.getByText('What was done').click();
    await first.getByRole('list', { name: 'What was done' }).getByText('Remove an item').waitFor();
    await sound(phone);
    await first.getByRole('button', { name: 'Confirm' }).click();
    await dialogOf(page).getByLabel('What was shared together with it').check();
    await sound(phone);
    await say(page, 'Confirm the case', 'It is what the list says.');
    await page.getByText('The case is confirmed.').waitFor();
    await expect.poll(() => open.count(), LONG).toBe(3);
    await open.last().getByRole('button', { name: 'Dismiss' }).click();
    await say(page, 'Dismiss the case', 'It shows something else.');
    await page.getByText('The case is dismissed.').waitFor();
    await page.getByRole('button', { name: 'Decided, the latest first' }).click();
    await expect.poll(() => open.getByRole('heading').count(), LONG).toBe(2);
    expect(await open.first().getByText('Dismissed', { exact: true }).count()).toBe(1);
    await sound(phone);

    const mistaken = post();
    await vi.waitFor(() => expect(group.messages.has(mistaken)).toBe(false), LONG);
    await goTo(page, 'Actions');
    const taken = cards(page, 'Actions').filter({ has: page.getByRole('button', { name: 'Undo' }) });
    await taken.first().getByRole('button', { name: 'Undo' }).click();
    expect(await dialogOf(page).getByLabel('the entry is wrong').isChecked()).toBe(true);
    await dialogOf(page).getByLabel('the entry is right').check();
    await sound(phone);
    await say(page, 'Undo it', 'It was taken down by mistake.');
    await page.getByText('1 act was ordered').waitFor();
    // Telegram cannot bring it back: its author is told, as far as that can be done.
    await cards(page, 'Actions').filter({ hasText: 'Tell the author' }).first().waitFor();
    await expect.poll(() => taken.count(), LONG).toBe(0);
    await sound(phone);
  });

  it('says what a platform refuses; it is tried again once that is mended, or given up', async () => {
    const { page } = desk;
    telegram.fault = ({ method }) =>
      method.startsWith('deleteMessage')
        ? { refuse: 400, description: "Bad Request: message can't be deleted" }
        : undefined;
    const both = [post(), post()];
    const left = () => both.filter((id) => group.messages.has(id)).length;
    await page.getByLabel('Act', { exact: true }).selectOption('remove');
    await page.getByLabel('State', { exact: true }).selectOption('failed');
    const failed = cards(page, 'Actions');
    await expect.poll(() => failed.getByText('rights are missing').count(), LONG).toBe(2);
    expect(await accessibilityFaults(page)).toEqual([]);
    telegram.fault = () => undefined;
    await failed.last().getByRole('button', { name: 'Try again' }).click();
    await say(page, 'Try it now');
    await vi.waitFor(() => expect(left()).toBe(1), LONG);
    await expect.poll(() => failed.count(), LONG).toBe(1);
    await failed.first().getByRole('button', { name: 'Give up' }).click();
    await say(page, 'Give it up', 'The owner has done it.');
    await page.getByText('There is no such action.').waitFor();
    expect(left()).toBe(1);

    telegram.fault = ({ method }) =>
      method === 'getUpdates' ? { refuse: 401, description: 'Unauthorized' } : undefined;
    telegram.world.post(group, { text: 'Good morning.' });
    await goTo(page, 'Platforms');
    const card = cards(page, 'Platforms').filter({ hasText: 'tg' });
    await card.getByText('Refuses us').waitFor();
    await card.getByText('platform-refused').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    telegram.fault = () => undefined;
    await card.getByRole('button', { name: 'Switch off' }).click();
    await card.getByText('Switched off').waitFor();
    await card.getByRole('button', { name: 'Switch on' }).click();
    await card.getByText('Connected', { exact: true }).waitFor();
  });

  it('goes back page by page, and shows what is new meanwhile', async () => {
    const { page } = desk;
    await goTo(page, 'Actions');
    const shown = cards(page, 'Actions');
    const known = async () => new Set(await shown.evaluateAll((all) => all.map(({ textContent }) => textContent))).size;
    for (let i = 0; i < 45; i++) post();
    await expect.poll(() => group.messages.size, LONG).toBeLessThan(5);
    await expect.poll(() => shown.count(), LONG).toBe(40);
    await page.getByRole('button', { name: 'Show older ones' }).click();
    await expect.poll(() => shown.count(), LONG).toBeGreaterThan(50);
    await page.getByRole('button', { name: 'Show older ones' }).waitFor({ state: 'detached' });
    expect(await known()).toBe(await shown.count());
    await sound({ page, trouble: [] });
  });

  it('offers to take everything back when an entry was withdrawn that much was removed for', async () => {
    const { page } = phone;
    await goTo(page, 'Scan');
    const withdrawal = JSON.stringify({ reason: 'A mistake.' });
    const path = '/v1/lists/sample/entries/sample-01/withdraw';
    const json = { 'content-type': 'application/json' };
    expect((await service.call('POST', path, withdrawal, json)).status).toBe(200);
    const undo = page.getByRole('button', { name: 'Undo what was done' });
    await undo.waitFor();
    await sound(phone);
    await undo.click();
    await say(page, 'Undo all of it', 'The entry was a mistake.');
    await page.getByText(/\d+ acts were ordered/).waitFor();
    await sound(phone);
  });

  it('exempts a room until a day, and ends that', async () => {
    const { page } = phone;
    const dialog = dialogOf(page);
    await goTo(page, 'Platforms');
    await page.getByText('Nobody is exempt').waitFor();
    await page.getByRole('button', { name: 'Exempt somebody' }).click();
    await dialog.getByRole('button', { name: 'Exempt them' }).click();
    expect(await dialog.getByText('This is needed.').count()).toBe(2);
    await dialog.getByLabel('Id').fill('-1001');
    await dialog.getByLabel('Reason').fill('A museum.');
    await sound(phone);
    await dialog.getByRole('button', { name: 'Exempt them' }).click();
    await closed(page);
    const row = cards(page, 'Exemptions').first();
    await row.getByText('Holds').waitFor();
    await sound(phone);
    await row.getByRole('button', { name: 'End' }).click();
    await say(page, 'End the exemption');
    await row.getByText('Ended').waitFor();

    await page.getByRole('button', { name: 'Remove' }).click();
    await say(page, 'Remove the platform');
    await page.getByText('No platform is watched yet.').waitFor();
    await sound(phone);
  });
});
