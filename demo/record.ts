import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { launchChromium } from '../test/browser.js';

/** What is shared, in this order, and what is to become of it. */
const SHARED = [
  ['unlisted-cove.jpg', 'left'],
  ['lighthouse.jpg', 'removed'],
  ['regatta-bordered.jpg', 'removed'],
  ['unlisted-pier.jpg', 'left'],
] as const;
const SIZE = { width: 1_200, height: 760 };
const READY_MS = 30_000;
/** How long is looked at before, between and after. */
const PAUSE_MS = 1_400;
const LAST_MS = 4_000;
const COLOURS = 255;

interface Frame {
  readonly png: Buffer;
  readonly at: number;
}

/**
 * Plays the demonstration in Chromium and writes what is to be seen as an animated GIF, in the time that it took.
 * @param file where to
 * @throws Error when something stays that should go, or goes that should stay
 */
export async function record(address: string, file: string, tell: (line: string) => void): Promise<void> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
    page.setDefaultTimeout(READY_MS);
    await page.goto(address);
    await page.waitForSelector('body[data-ready]');
    await page.evaluate(DRAW_POINTER);
    const frames = await film(page, async () => {
      await delay(PAUSE_MS);
      for (const [name, state] of SHARED) {
        await share(page, name, state);
        await delay(PAUSE_MS);
      }
    });
    await mkdir(dirname(file), { recursive: true });
    const gif = await animate(frames);
    await writeFile(file, gif);
    tell(`${file}: ${frames.length} frames, ${(gif.byteLength / 1e6).toFixed(1)} MB`);
  } finally {
    await browser.close();
  }
}

async function share(page: Page, name: string, state: string): Promise<void> {
  const entries = await page.locator('#log li').count();
  const button = page.locator(`button[data-name="${name}"]`);
  await button.hover();
  await delay(PAUSE_MS / 4);
  await button.click();
  await page.locator('#log li').nth(entries).waitFor();
  await page.locator(`#log li:first-child[data-state="${state}"]`).waitFor();
}

/** Takes pictures of the page, as fast as it can, while something goes on; those that show nothing new are left out. */
async function film(page: Page, play: () => Promise<void>): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  let playing = true;
  const played = play().finally(() => {
    playing = false;
  });
  // Its failure is met below, once nothing is taken any more.
  played.catch(() => undefined);
  while (playing) {
    const at = performance.now();
    const png = await page.screenshot();
    if (frames.at(-1)?.png.equals(png) !== true) frames.push({ png, at });
  }
  await played;
  return frames;
}

async function animate(frames: readonly Frame[]): Promise<Buffer> {
  const shown = frames.map(({ at }, n) => Math.round((frames[n + 1]?.at ?? at + LAST_MS) - at));
  return await sharp(
    frames.map(({ png }) => png),
    { join: { animated: true } },
  )
    .gif({ delay: shown, loop: 0, colours: COLOURS, effort: 8, interFrameMaxError: 2, dither: 0.6 })
    .toBuffer();
}

/** Pictures of a page are without the pointer, so one is drawn. */
const DRAW_POINTER = `
  const pointer = document.createElement('div');
  pointer.innerHTML = '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M3 2v15l4-4 3 7 3-1.2-3-7h6z" fill="#111" stroke="#fff" stroke-width="1.5"/></svg>';
  pointer.style.cssText = 'position:fixed;left:60%;top:60%;pointer-events:none;z-index:99999;transition:left .2s,top .2s';
  document.body.append(pointer);
  addEventListener('mousemove', ({ clientX, clientY }) => {
    pointer.style.left = clientX + 'px';
    pointer.style.top = clientY + 'px';
  });
`;
