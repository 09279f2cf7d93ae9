/** Debian's Chromium, and pages that note whatever must not happen on them. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why tests in the browser are skipped, or undefined when they can run. */
export const noChromium: string | undefined = existsSync(CHROMIUM) ? undefined : `skipped: no ${CHROMIUM}`;

/** Only what the tests ask for goes over the network, and that is loopback. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Longest wait for anything to show. */
const SHOWN_MS = 30_000;

export const launchChromium = async (): Promise<Browser> =>
  await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });

export interface WatchedPage {
  readonly page: Page;
  /** Requests to other places, violations of the content security policy, console errors, uncaught errors. */
  readonly trouble: readonly string[];
}

/** A new page with cookies of its own. */
export async function watchedPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(SHOWN_MS);
  const trouble: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`)) trouble.push(`request to ${url}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(`uncaught: ${error.message}`));
  await page.exposeFunction('noteViolation', (text: string) => trouble.push(`policy: ${text}`));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation',
    ({ effectiveDirective, blockedURI, sample }) => noteViolation([effectiveDirective, blockedURI, sample].join(' ')))`);
  return { page, trouble };
}
