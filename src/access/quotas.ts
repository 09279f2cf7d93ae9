import { isIPv6 } from 'node:net';
import type { Rate } from './rate-limiter.js';

/**
 * What is counted apart, each with its own rate. `failed` and `address` are counted by address, the others by key. The
 * defaults stop what has run wild and leave a platform alone: a core decodes some tens of pictures a second, so a key
 * meets the end of the decoders (503) long before that of `scan`. A look-up by signals costs next to nothing and tells
 * much, so it is counted by the signal: at this rate it would take years to try a thousandth of what hashes there are.
 */
export const QUOTAS = {
  scan: 'requests to scan a medium, by key',
  items: 'items that are handed in, by key',
  lookup: 'signals that are looked up, by key',
  feed: 'requests of members for published lists, by member',
  other: 'all other requests, by key',
  address: 'requests that need no key, by address',
  failed: 'refused keys and links, by address',
} as const;

export type QuotaName = keyof typeof QUOTAS;

/** No rate: no limit. */
export type Rates = { readonly [K in QuotaName]?: Rate };

export const DEFAULT_RATES: Rates = {
  scan: { count: 1_000, seconds: 1 },
  items: { count: 2_000, seconds: 1 },
  lookup: { count: 20_000, seconds: 1 },
  feed: { count: 50, seconds: 1 },
  other: { count: 100, seconds: 1 },
  address: { count: 100, seconds: 1 },
  failed: { count: 20, seconds: 60 },
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 };

/** `500/s`, `20/min`, `1000/h`. @returns undefined when it is not a rate */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^([1-9][0-9]{0,8})\/(s|min|h)$/.exec(text.trim()) ?? [];
  const seconds = UNIT_SECONDS[unit ?? ''];
  return digits === undefined || seconds === undefined ? undefined : { count: Number(digits), seconds };
}

export function formatRate({ count, seconds }: Rate): string {
  const unit = Object.entries(UNIT_SECONDS).find(([, each]) => each === seconds)?.[0] ?? `${seconds}s`;
  return `${count}/${unit}`;
}

/**
 * Rates as flags and the environment give them: `scan=500/s`, `failed=off`.
 * @returns undefined when one is not understood
 */
export function parseRates(words: readonly string[], before: Rates = DEFAULT_RATES): Rates | undefined {
  const rates: { [K in QuotaName]?: Rate } = { ...before };
  for (const word of words) {
    const [name = '', value = ''] = word.split('=', 2);
    if (!Object.hasOwn(QUOTAS, name)) return undefined;
    const rate = parseRate(value);
    if (rate !== undefined) rates[name as QuotaName] = rate;
    else if (value === 'off') delete rates[name as QuotaName];
    else return undefined;
  }
  return rates;
}

/** What counts as one address: an IPv6 customer has a /64 at least, and would else be 2^64 addresses. */
export function addressOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:([0-9.]+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
