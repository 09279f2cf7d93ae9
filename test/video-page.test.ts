import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programs } from '../src/media/video/testing/video-pools.js';
import { accessibilityFaults } from './accessibility.js';
import { launchChromium, noChromium, type WatchedPage, watchedPage } from './browser.js';
import { descendants } from './descendants.js';
import { type RunningService, startService } from './service.js';

const missing = noChromium ?? (programs === undefined ? 'skipped: ffmpeg is not installed' : undefined);
const LISTED = fileURLToPath(new URL('../samples/pictures/crossing.mp4', import.meta.url));

describe.skipIf(missing !== undefined)(missing ?? 'videos on the page in Chromium', { timeout: 180_000 }, () => {
  let service: RunningService;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-clips-'));
    const args = ['--sample', '--decoders', '1', '--video-decoders', '1'];
    [service, browser] = await Promise.all([startService({ args }), launchChromium()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const openPage = async (options: Parameters<typeof watchedPage>[2] = {}): Promise<WatchedPage> => {
    const { address, link } = (await (await service.call('POST', '/v1/links')).json()) as Record<string, string>;
    const watched = await watchedPage(browser, service.address, options);
    watched.page.setDefaultTimeout(60_000);
    await watched.page.goto(`${address}/open#${link}`);
    await watched.page.getByRole('heading', { name: 'Scan' }).waitFor();
    return watched;
  };
  const card = (page: Page, name: string): Locator =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
  const trySample = async (page: Page, title: string, name: string, word = 'Match'): Promise<Locator> => {
    await page.getByRole('button', { name: title }).click();
    const shown = card(page, name);
    await shown.getByText(word, { exact: true }).waitFor();
    return shown;
  };
  /** @returns the path of what ffmpeg makes in the folder */
  const made = async (name: string, ...words: readonly string[]): Promise<string> => {
    const path = join(folder, name);
    await promisify(execFile)(programs?.ffmpeg ?? '', ['-v', 'error', '-y', ...words, path]);
    return path;
  };
  /** How many of the frames that are shown can be told at a glance. */
  const unveiled = (page: Page): Promise<number> =>
    page.evaluate<number>(`[...document.querySelectorAll('[aria-label="Verdicts"] :is(canvas, img)')]
      .filter((each) => !/blur\\(/.test(getComputedStyle(each).filter) || !/grayscale\\(/.test(getComputedStyle(each).filter)).length`);

  it.each(['light', 'dark'] as const)('shows where a copy and the known video agree, %s', async (colorScheme) => {
    const { page, trouble } = await openPage({ colorScheme, reducedMotion: 'reduce' });
    const shown = await trySample(page, 'A video cut, mirrored and saved again', 'crossing-cut.webm');
    await shown.getByText(/^It holds \d+ % of a video in “sample”, [\d.]+ seconds in a row, mirrored\.$/).waitFor();
    await shown.getByText('Full: enough to act on').waitFor();
    await shown.getByText(/^Video · Matroska or WebM · 0:07 · /).waitFor();
    const stretches = shown.getByRole('list', { name: 'Matching stretches' }).getByRole('listitem');
    expect(await stretches.allInnerTexts()).toEqual([
      expect.stringMatching(/^0:0\S* to \S+ here is \S+ to \S+ of the known video\.$/),
    ]);
    await shown.getByText('Known video', { exact: true }).waitFor();

    const part = await trySample(page, 'A part of the listed video in another', 'crossing-inside.mp4');
    await part.getByText('Partial: for people', { exact: true }).waitFor();
    await part.getByText('Partial: for people to judge; nothing acts on it').waitFor();
    await part.getByText(/^[\d.]+ seconds? later here than in the known video$/).waitFor();
    const still = await trySample(page, 'A still of the listed video', 'crossing-still.jpg');
    await still.getByText(/^It is the known video at 0:0\d\.$/).waitFor();
    await trySample(page, 'A video that no list knows', 'unlisted-crossing.mp4', 'No match');
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('shows frames of the file at hand only when asked, veiled, one at a time, and never plays', async () => {
    const { page, trouble } = await openPage();
    await page.evaluate(`HTMLMediaElement.prototype.play = () => { throw new Error('played') }`);
    const shown = await trySample(page, 'A part of the listed video in another', 'crossing-inside.mp4');
    const frames = shown.getByRole('list', { name: 'Frames of the matching stretch' }).getByRole('button');
    expect(await frames.count()).toBe(0);
    await shown.locator('summary').filter({ hasText: 'Frames of the matching stretch' }).focus();
    await page.keyboard.press('Enter');
    await frames.first().waitFor();
    expect(await frames.count()).toBe(6);
    expect(await unveiled(page)).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    // Something was drawn: its pixels are not all the same.
    const colours = await page.evaluate<number>(`(() => {
      const canvas = document.querySelector('[aria-label="Frames of the matching stretch"] canvas');
      return new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size;
    })()`);
    expect(colours).toBeGreaterThan(20);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await frames.first().getAttribute('aria-pressed')).toBe('true');
    expect(await unveiled(page)).toBe(1);
    await frames.nth(1).click();
    expect(await unveiled(page)).toBe(1);
    await page.keyboard.press('Escape');
    expect(await unveiled(page)).toBe(0);
    await shown.getByRole('button', { name: 'Show crossing-inside.mp4' }).click();
    expect(await unveiled(page)).toBe(1);
    expect(await page.locator('video, audio').count()).toBe(0);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('lets media come from nowhere but the file at hand', async () => {
    const policy = (await fetch(service.address)).headers.get('content-security-policy')?.split('; ') ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain('media-src blob:');
    expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
  });

  it('shows the time line alone when the browser cannot decode the video', async () => {
    const { page, trouble } = await openPage();
    const old = await made('old.avi', '-i', LISTED, '-c:v', 'mpeg4', '-q:v', '3');
    await page.getByLabel('Choose files').setInputFiles(old);
    const shown = card(page, 'old.avi');
    await shown.getByText('Match', { exact: true }).waitFor();
    await shown.getByText('No preview').waitFor();
    await shown.getByText('Known video', { exact: true }).waitFor();
    await shown.locator('summary').filter({ hasText: 'Frames of the matching stretch' }).click();
    await shown.getByText('This browser cannot show frames of this video.').waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('tells the match of a long file that is decided before all of it has arrived', async () => {
    const { page, trouble } = await openPage();
    await slowUploads(page, 8_000_000);
    const long = await made('long.mp4', '-i', LISTED, '-vf', 'scale=300:-2', '-movflags', '+faststart');
    const size = (await readFile(long)).length;
    const box = Buffer.from('\0\0\0\0free', 'latin1');
    box.writeUInt32BE(40_000_000);
    await writeFile(long, box, { flag: 'a' });
    await truncate(long, size + 40_000_000);
    await page.getByLabel('Choose files').setInputFiles(long);
    await card(page, 'long.mp4').getByText('Match', { exact: true }).waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('shows how far a long video is, and frees its decoder when it is cancelled', async () => {
    const { page, trouble } = await openPage();
    const short = await made('short.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=10:d=20', '-g', '20');
    const hours = await made('hours.mp4', '-stream_loop', '400', '-i', short, '-c', 'copy', '-movflags', '+faststart');
    await page.getByLabel('Choose files').setInputFiles(hours);
    const shown = card(page, 'hours.mp4');
    await shown.getByText(/^(Key frames first: )?[\d:]+ of 2:13:\d\d looked at$/).waitFor();
    await shown.getByRole('progressbar', { name: 'Scan of hours.mp4' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(ffmpegsBelow(service.process.pid ?? 0)).toBeGreaterThan(0);
    await shown.getByRole('button', { name: 'Cancel the scan of hours.mp4' }).click();
    await shown.getByText('It was not looked at.').waitFor();
    await expect.poll(() => ffmpegsBelow(service.process.pid ?? 0), { timeout: 20_000, interval: 50 }).toBe(0);
    // It is free for the next one.
    await trySample(page, 'A video that no list knows', 'unlisted-crossing.mp4', 'No match');
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('shows how much of a large file was sent', async () => {
    const { page, trouble } = await openPage();
    await slowUploads(page, 500_000);
    const buffer = Buffer.alloc(8_000_000, 7);
    await page.getByLabel('Choose files').setInputFiles({ name: 'large.bin', mimeType: '', buffer });
    const shown = card(page, 'large.bin');
    await shown.getByText(/^[\d.]+ (kB|MB) of 8\.0 MB sent$/).waitFor();
    await shown.getByRole('button', { name: 'Cancel the scan of large.bin' }).click();
    await shown.getByText('It was not looked at.').waitFor();
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});

/** @param rate bytes a second */
async function slowUploads(page: Page, rate: number): Promise<void> {
  const wire = await page.context().newCDPSession(page);
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: rate };
  await wire.send('Network.emulateNetworkConditions', slow);
}

/** How many ffmpeg processes descend from a process. */
function ffmpegsBelow(pid: number): number {
  return descendants(pid).filter(({ name }) => name === 'ffmpeg').length;
}
