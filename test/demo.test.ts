import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { prosodyMissing } from '../src/platforms/xmpp/testing/prosody.js';
import { launchChromium, noChromium } from './browser.js';
import { descendants } from './descendants.js';

const LONG = { timeout: 60_000, interval: 50 };
const noProsody = prosodyMissing();
const missing = noChromium ?? (noProsody === undefined ? undefined : `skipped: ${noProsody}`);

describe.skipIf(missing !== undefined)(missing ?? 'the demonstration', { timeout: 180_000 }, () => {
  let folder: string;
  let demo: ChildProcess;
  let ended: Promise<number | null>;
  let address = '';
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-demo-test-'));
    // Prosody runs as somebody else when we are root.
    await chmod(folder, 0o755);
    demo = spawn(process.execPath, ['dist/demo/demo.js', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder },
    });
    ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
      address += text;
    });
    browser = await launchChromium();
    await vi.waitFor(() => expect(address).toMatch(/^http:\S+\n$/), LONG);
    address = address.trim();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (demo?.exitCode === null) demo.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  it('shows a listed picture and an edited copy go from the room, and another stay; Ctrl-C ends it all', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(LONG.timeout);
    const trouble: string[] = [];
    page.on('pageerror', ({ message }) => trouble.push(message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) trouble.push(message.text());
    });
    const abroad: string[] = [];
    page.on('request', (request) => {
      if (!/^(https?:\/\/127\.0\.0\.1:|blob:|data:)/.test(request.url())) abroad.push(request.url());
    });
    await page.goto(address);
    await page.waitForSelector('body[data-ready]');
    const inRoom = page.locator('converse-root img[src*="/file_share/"]');
    const newest = (state: string) => page.locator(`#log li:first-child[data-state="${state}"]`);

    await page.click('button[data-name="unlisted-cove.jpg"]');
    await newest('left').waitFor();
    await inRoom.waitFor();
    const shared: string[] = [];
    for (const [n, name] of ['lighthouse.jpg', 'regatta-bordered.jpg'].entries()) {
      page.on('request', (request) => {
        if (request.method() === 'PUT' && request.url().endsWith(name)) shared.push(request.url());
      });
      await page.click(`button[data-name="${name}"]`);
      await page
        .locator('#log li')
        .nth(n + 1)
        .waitFor();
      await newest('removed').waitFor();
      await page.locator('converse-root').getByText('Vigie has removed a message').nth(n).waitFor();
    }
    await vi.waitFor(async () => expect(await inRoom.count()).toBe(1), LONG);
    expect(await inRoom.getAttribute('src')).toMatch(/unlisted-cove\.jpg$/);
    expect(shared.length).toBe(2);
    for (const url of shared) expect((await fetch(url)).status).toBe(410);
    expect(await page.locator('#last').textContent()).toMatch(/^\d+ ms$/);
    expect(await page.locator('dd').allTextContents()).toEqual(['3', '2', '1']);
    expect(await page.content()).not.toMatch(/bearer/i);
    expect([...trouble, ...abroad]).toEqual([]);

    const started = descendants(demo.pid ?? 0);
    expect(started.map(({ name }) => name).join()).toMatch(/lua|prosody/);
    demo.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(started.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});
