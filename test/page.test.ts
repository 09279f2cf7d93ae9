import { createHash } from 'node:crypto';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { programs } from '../src/media/video/testing/video-pools.js';
import { accessibilityFaults, tabTo } from './accessibility.js';
import { launchChromium, noChromium, type WatchedPage, watchedPage } from './browser.js';
import { type RunningService, startService } from './service.js';

const WORDS = { match: 'Match', 'no-match': 'No match', 'could-not-tell': 'Could not tell' } as const;

/** Samples that cannot be told without ffmpeg. */
const VIDEOS = new Set(['crossing-cut.webm', 'crossing-inside.mp4', 'unlisted-crossing.mp4']);

interface Sample {
  readonly name: string;
  readonly title: string;
  readonly expect: keyof typeof WORDS;
}

describe.skipIf(noChromium !== undefined)(noChromium ?? 'the page in Chromium', { timeout: 120_000 }, () => {
  let service: RunningService;
  let browser: Browser;

  beforeAll(async () => {
    [service, browser] = await Promise.all([startService({ args: ['--sample', '--decoders', '1'] }), launchChromium()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
  });

  const newLink = async (): Promise<string> => {
    const { address, link } = (await (await service.call('POST', '/v1/links')).json()) as Record<string, string>;
    return `${address}/open#${link}`;
  };
  const openPage = async (options: Parameters<typeof watchedPage>[2] = {}): Promise<WatchedPage> => {
    const watched = await watchedPage(browser, service.address, options);
    await watched.page.goto(await newLink());
    await watched.page.getByRole('heading', { name: 'Scan' }).waitFor();
    return watched;
  };
  const card = (page: Page, name: string): Locator =>
    page
      .getByRole('list', { name: 'Verdicts' })
      .getByRole('listitem')
      .filter({ has: page.getByRole('heading', { name, exact: true }) })
      .first();
  const verdict = async (page: Page, name: string, word: keyof typeof WORDS): Promise<Locator> => {
    const found = card(page, name);
    await found
      .getByText(WORDS[word], { exact: true })
      .waitFor()
      .catch(async (error: unknown) => {
        throw new Error(`${name} was not "${word}" but: ${await found.allInnerTexts()}`, { cause: error });
      });
    return found;
  };

  it('opens once by a one-time link, and never again', async () => {
    const first = await watchedPage(browser, service.address);
    await first.page.goto(service.link);
    await first.page.getByRole('heading', { name: 'sample' }).waitFor();
    expect(first.page.url()).toBe(`${service.address}/`);
    await first.page.reload();
    await first.page.getByRole('heading', { name: 'sample' }).waitFor();
    expect(first.trouble).toEqual([]);

    const second = await watchedPage(browser, service.address);
    await second.page.goto(service.link);
    await second.page.getByRole('heading', { name: 'The link did not open Vigie' }).waitFor();
    await second.page.getByText('The one-time link was used already or has expired.').waitFor();
    await second.page.getByText('Make a new one with').waitFor();
    expect(second.page.url()).not.toContain('#');
    expect(await accessibilityFaults(second.page)).toEqual([]);

    await second.page.goto(`${service.address}/`);
    await second.page.getByRole('heading', { name: 'Open Vigie with a one-time link' }).waitFor();
    expect(await second.page.getByText('sample').count()).toBe(0);
    for (const { page } of [first, second]) await page.context().close();
  });

  it('gives every sample its verdict, veiled until somebody presses', async () => {
    const { page, trouble } = await openPage();
    const { samples } = (await (await service.call('GET', '/v1/samples')).json()) as { samples: Sample[] };
    await page.getByRole('button', { name: `Scan all ${samples.length}` }).click();
    for (const sample of samples) {
      if (programs === undefined && VIDEOS.has(sample.name)) {
        const unseen = await verdict(page, sample.name, 'could-not-tell');
        await unseen.getByText(`expected ${sample.expect} once ffmpeg is installed`).waitFor();
        continue;
      }
      const shown = await verdict(page, sample.name, sample.expect);
      await shown.getByText('as expected').waitFor();
      await shown.getByText('all together').waitFor();
    }
    const damaged = card(page, 'cut-short.jpg');
    await damaged.getByText('The medium could not be decoded: it is cut short or damaged.').waitFor();
    await damaged.getByText('Fetch it again').waitFor();

    const mirrored = card(page, 'harbour-mirrored.webp');
    await mirrored.getByText('Mirrored, it looks like an entry of “sample”').waitFor();
    const drawn = mirrored.getByRole('img', { name: /^PDQ fingerprint/ });
    expect(await drawn.count()).toBe(2);
    const distance = /Distance(\d+) of 256 bits/.exec((await mirrored.textContent()) ?? '')?.[1];
    for (const label of await drawn.evaluateAll((each) => each.map((one) => one.getAttribute('aria-label')))) {
      expect(label).toContain(`${distance} of 256 bits differ`);
    }

    const veils = async (): Promise<boolean[]> =>
      await page.evaluate<boolean[]>(
        `[...document.querySelectorAll('[aria-label="Verdicts"] img')]
          .map((img) => /blur\\(.*grayscale\\(|grayscale\\(.*blur\\(/.test(getComputedStyle(img).filter))`,
      );
    const show = (name: string): Locator => page.getByRole('button', { name: `Show ${name}`, exact: true });
    const everyVeil = await veils();
    expect(everyVeil.length).toBeGreaterThan(5);
    expect(everyVeil).not.toContain(false);
    await show('harbour-mirrored.webp').click();
    expect(await show('harbour-mirrored.webp').getAttribute('aria-pressed')).toBe('true');
    expect((await veils()).filter((veiled) => !veiled)).toHaveLength(1);
    await show('fog.png').click();
    expect(await show('harbour-mirrored.webp').getAttribute('aria-pressed')).toBe('false');
    expect((await veils()).filter((veiled) => !veiled)).toHaveLength(1);
    await page.keyboard.press('Escape');
    expect(await veils()).not.toContain(false);

    await page.getByRole('button', { name: /^Could not tell/ }).click();
    expect(await page.getByRole('list', { name: 'Verdicts' }).getByRole('heading').allInnerTexts()).toEqual([
      'cut-short.jpg',
    ]);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.getByRole('list', { name: 'Verdicts' }).count()).toBe(0);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('takes files that are chosen, dropped and pasted', async () => {
    const { page, trouble } = await openPage();
    const buffer = await photographLikeJpeg(320, 240, 5);
    const chosen = [pictureFile('chosen.jpg', buffer), pictureFile('empty.jpg', Buffer.alloc(0))];
    await page.getByLabel('Choose files').setInputFiles(chosen);
    await verdict(page, 'chosen.jpg', 'no-match');
    const empty = await verdict(page, 'empty.jpg', 'could-not-tell');
    await empty.getByText('The medium has no bytes.').waitFor();

    const give = async (type: 'drop' | 'paste', name: string): Promise<void> => {
      const event = { drop: 'DragEvent', paste: 'ClipboardEvent' }[type];
      const field = { drop: 'dataTransfer', paste: 'clipboardData' }[type];
      await page.evaluate(`(() => {
        const bytes = Uint8Array.from(atob('${buffer.toString('base64')}'), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], '${name}', { type: 'image/jpeg' }));
        document.body.dispatchEvent(new ${event}('${type}', { ${field}: data, bubbles: true, cancelable: true }));
      })()`);
    };
    await give('drop', 'dropped.jpg');
    await verdict(page, 'dropped.jpg', 'no-match');
    await give('paste', 'pasted.jpg');
    await verdict(page, 'pasted.jpg', 'no-match');
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  const pictureFile = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/jpeg', buffer });
  const csvFile = (...rows: readonly string[]) => ({
    name: 'Partner Export.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`id,grade,md5\n${rows.join('\n')}\n`),
  });
  const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

  it('loads a list, tells what it left out, and recognises what it names', async () => {
    const { page, trouble } = await openPage();
    const picture = await photographLikeJpeg(320, 240, 9);
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Load a list' }).click();
    await dialog.getByRole('button', { name: 'Load the list' }).click();
    await dialog.getByText('Choose the file to load.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    const file = csvFile(`one,A,${md5(picture)}`, 'two,A,no-hash', 'three,B,');
    await dialog.getByLabel('File of the list').setInputFiles(file);
    expect(await dialog.getByLabel('Name').inputValue()).toBe('partner-export');
    await dialog.getByRole('button', { name: 'Load the list' }).click();
    await dialog.getByText('Version 1 of partner-export is in force').waitFor();
    const row = (name: string): Locator => dialog.getByRole('row').filter({ hasText: name });
    const malformed = await row('A hash is malformed').getByRole('cell').allInnerTexts();
    expect(malformed).toEqual(['A hash is malformed', '1', '3']);
    expect(await row('No hash in the record').last().getByRole('cell').allInnerTexts()).toContain('4');
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();

    await page.getByLabel('Choose files').setInputFiles(pictureFile('one.jpg', picture));
    const matched = await verdict(page, 'one.jpg', 'match');
    await matched.getByText('It is the very file that an entry of “partner-export” names').waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('goes back to a version, withdraws an entry and removes a list, each at once', async () => {
    const { page, trouble } = await openPage();
    const picture = await photographLikeJpeg(320, 240, 11);
    for (const hash of [md5(picture), 'ab'.repeat(16)]) {
      const body = `id,grade,md5\nthe-entry,A,${hash}\n`;
      const headers = { 'content-type': 'application/octet-stream' };
      expect(await (await service.call('PUT', '/v1/lists/living/import', body, headers)).text()).toContain('"result"');
    }
    await page.reload();
    const dialog = page.getByRole('dialog');
    const list = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'living', exact: true }) });
    const scan = async (name: string, word: keyof typeof WORDS): Promise<Locator> => {
      await page.getByLabel('Choose files').setInputFiles(pictureFile(name, picture));
      return await verdict(page, name, word);
    };
    await list.getByText('version 2', { exact: true }).waitFor();
    await scan('one.jpg', 'no-match');

    await list.getByText('Versions and changes').click();
    await list.getByRole('button', { name: 'Compare version 1' }).click();
    await dialog.getByRole('button', { name: 'Go back to version 1' }).click();
    await list.getByText('version 1', { exact: true }).waitFor();
    const matched = await scan('two.jpg', 'match');

    await matched.getByRole('button', { name: 'Withdraw this entry' }).click();
    await dialog.getByLabel('Reason').fill('Listed by mistake');
    await dialog.getByRole('button', { name: 'Withdraw the entry' }).click();
    await matched.getByRole('button', { name: 'Restore it' }).waitFor();
    await scan('three.jpg', 'no-match');
    await matched.getByRole('button', { name: 'Restore it' }).click();
    await matched.getByRole('button', { name: 'Withdraw this entry' }).waitFor();
    await scan('four.jpg', 'match');

    await list.getByRole('button', { name: 'Remove' }).click();
    expect(await dialog.getByRole('button', { name: 'Remove the list' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Type its name').fill('living');
    await dialog.getByRole('button', { name: 'Remove the list' }).click();
    // While a dialog is open the rest of the page is hidden from roles, and so counts as detached.
    await dialog.waitFor({ state: 'detached' });
    await list.waitFor({ state: 'detached' });
    await scan('five.jpg', 'no-match');
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('says why a list was not loaded', async () => {
    const { page } = await openPage();
    await page.getByRole('button', { name: 'Load a list' }).click();
    const dialog = page.getByRole('dialog');
    const buffer = Buffer.from('name,colour\nboat,blue\n');
    await dialog.getByLabel('File of the list').setInputFiles({ name: 'boats.csv', mimeType: 'text/csv', buffer });
    await dialog.getByLabel('Format').selectOption('csv');
    await dialog.getByRole('button', { name: 'Load the list' }).click();
    await dialog.getByText('The header of the list names no signal column.').waitFor();
    await dialog.getByText('Give at least one of md5, sha1, sha256, pdq, photodna').waitFor();
    await dialog.getByRole('button', { name: 'Choose again' }).click();
    await dialog.getByRole('button', { name: 'Load the list' }).waitFor();
    await page.context().close();
  });

  it('never calls it no match when the service does not answer', async () => {
    const { page } = await openPage();
    await page.context().setOffline(true);
    const buffer = await photographLikeJpeg(320, 240, 7);
    await page.getByLabel('Choose files').setInputFiles(pictureFile('a.jpg', buffer));
    const shown = await verdict(page, 'a.jpg', 'could-not-tell');
    await shown.getByText('The service did not answer.').waitFor();
    await page.context().setOffline(false);
    await shown.getByRole('button', { name: 'Scan it again' }).click();
    await verdict(page, 'a.jpg', 'no-match');
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('can be read and walked through, %s', async (colorScheme) => {
    const { page, trouble } = await openPage({ colorScheme, reducedMotion: 'reduce' });
    await page.getByRole('button', { name: /^Scan all/ }).waitFor();
    const { names, inOrder } = await tabTo(page, 'Choose files');
    expect(names[0]).toBe('Go to the content');
    expect(names).not.toContain('');
    expect(names.at(-1)).toBe('Choose files');
    expect(inOrder).toBe(true);
    await page.getByRole('button', { name: /^Scan all/ }).click();
    await verdict(page, 'lighthouse-small.jpg', 'match');
    await verdict(page, 'fog.png', 'no-match');
    await verdict(page, 'cut-short.jpg', 'could-not-tell');
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(trouble).toEqual([]);

    // The checks themselves can fail.
    await page.evaluate(`document.querySelector('h2').style.color = getComputedStyle(document.body).backgroundColor;
      document.querySelector('[aria-label^="Take "]').removeAttribute('aria-label');`);
    const faults = await accessibilityFaults(page);
    expect(faults.map((fault) => fault.split(/[:,]/)[0])).toEqual(['has no name', 'too little contrast']);
    await page.context().close();
  });

  it('fits a narrow screen', async () => {
    const { page } = await openPage({ viewport: { width: 360, height: 740 } });
    await page.getByRole('button', { name: 'A small copy, saved again' }).click();
    await verdict(page, 'lighthouse-small.jpg', 'match');
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(
      0,
    );
    await page.context().close();
  });
});
