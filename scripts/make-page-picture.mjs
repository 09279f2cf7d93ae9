// Makes docs/images/page.png: the page with generated pictures, as the README shows it. Needs a build and Chromium.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PICTURE = 'docs/images/page.png';
const SHOWN = ['A file that was cut short', 'A picture that no list knows', 'A mirrored copy'];

/** The one-time link is the last line that the service prints. */
const linkFrom = (service) =>
  new Promise((resolve, reject) => {
    let text = '';
    service.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const link = /^http\S+\/open#\S+$/m.exec(text)?.[0];
      if (link !== undefined) resolve(link);
    });
    service.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
  });

const data = await mkdtemp(join(tmpdir(), 'vigie-picture-'));
const service = spawn(process.execPath, ['bin/vigie.js', 'serve', '--sample', '--data', data, '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => service.once('exit', resolve));
try {
  const link = await linkFrom(service);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run'],
  });
  const page = await browser.newPage({
    viewport: { width: 1_400, height: 1_120 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await page.goto(link);
  await page.getByRole('button', { name: 'Noted' }).click();
  // Twice: the times of the very first scans are those of decoders that warm up.
  for (const title of ['A small copy, saved again', ...SHOWN]) {
    await page.getByRole('button', { name: title, exact: true }).click();
    await page.getByText('as expected').first().waitFor();
    await page.getByText('Looking', { exact: true }).waitFor({ state: 'hidden' });
  }
  await page.getByRole('button', { name: 'Take lighthouse-small.jpg off the page' }).click();
  await page.getByRole('button', { name: 'Show harbour-mirrored.webp' }).click();
  await page.mouse.move(0, 0);
  await page.evaluate('document.activeElement.blur(); window.scrollTo(0, 0)');
  await mkdir('docs/images', { recursive: true });
  await page.screenshot({ path: PICTURE });
  await browser.close();
  console.log(PICTURE);
} finally {
  service.kill();
  await ended;
  await rm(data, { recursive: true, force: true });
}
