import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressOf, DEFAULT_RATES, formatRate, parseRate, parseRates } from './quotas.js';
import { RateLimiter } from './rate-limiter.js';

it('never lets more through in any stretch of time than the burst and what refills in it', () => {
  const rate = { count: 10, seconds: 1 };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (pauses) => {
      let now = 0;
      const limiter = new RateLimiter(() => now);
      const passed: number[] = [];
      for (const pause of pauses) {
        now += pause;
        const wait = limiter.take('a', rate);
        if (wait === undefined) passed.push(now);
        else expect(wait).toBeGreaterThanOrEqual(1);
      }
      for (const [i, from] of passed.entries()) {
        for (let j = i; j < passed.length; j++) {
          const span = (passed[j] ?? 0) - from;
          expect(j - i + 1).toBeLessThanOrEqual(10 + Math.ceil((span * 10) / 1_000) + 1e-6);
        }
      }
    }),
  );
});

it('lets an act into debt, which has to be paid before the next; others are not touched by it', () => {
  let now = 0;
  const limiter = new RateLimiter(() => now);
  const rate = { count: 10, seconds: 1 };
  expect(limiter.take('a', rate)).toBeUndefined();
  limiter.charge('a', rate, 99);
  expect(limiter.take('a', rate)).toBe(10);
  expect(limiter.check('b', rate)).toBeUndefined();
  now += 9_100;
  expect(limiter.take('a', rate)).toBeUndefined();
  expect(limiter.take('a', undefined)).toBeUndefined();
});

it('forgets the oldest names, so that a flood of addresses takes no more than a bounded memory', () => {
  const limiter = new RateLimiter(() => 0);
  const rate = { count: 1, seconds: 60 };
  limiter.take('first', rate);
  for (let i = 0; i < 20_000; i++) limiter.take(`other-${i}`, rate);
  expect(limiter.take('first', rate)).toBeUndefined();
  expect(limiter.take('other-19999', rate)).toBeGreaterThan(0);
});

it('reads rates, and says no to what is none', () => {
  expect(parseRate('500/s')).toEqual({ count: 500, seconds: 1 });
  for (const word of ['1/s', '20/min', '7/h'])
    expect(formatRate(parseRate(word) ?? { count: 0, seconds: 0 })).toBe(word);
  for (const word of ['', '0/s', '-1/s', '5/d', '5', '1e3/s', '5/s/s']) expect(parseRate(word)).toBeUndefined();
  expect(parseRates(['scan=5/s', 'failed=off'])).toEqual({
    ...DEFAULT_RATES,
    scan: { count: 5, seconds: 1 },
    failed: undefined,
  });
  for (const word of ['sacn=5/s', 'scan', 'scan=', 'toString=5/s']) expect(parseRates([word])).toBeUndefined();
});

it('takes a /64 of IPv6 for one address', () => {
  expect(addressOf('192.0.2.7')).toBe('192.0.2.7');
  expect(addressOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(addressOf('2001:db8:1:2:3:4:5:6')).toBe(addressOf('2001:DB8:1:2::9'));
  expect(addressOf('2001:db8:1:2::1')).not.toBe(addressOf('2001:db8:1:3::1'));
  expect(addressOf('::1')).toBe('0:0:0:0');
  expect(addressOf('2001:db8::')).toBe('2001:db8:0:0');
});
