import { expect, it } from 'vitest';
import { VigieError } from '../errors.js';
import { whileCurrent } from './while-current.js';

it('looks once when nothing was missed', async () => {
  let looks = 0;
  expect(await whileCurrent({ catchUp: () => undefined }, async () => ++looks)).toBe(1);
  expect(await whileCurrent({}, async () => ++looks)).toBe(2);
});

it('reads what was missed before it looks, and looks again when it was stopped while looking', async () => {
  const told: string[] = [];
  const behind = [true, true, false];
  const catchUp = (): Promise<void> | undefined =>
    behind.shift() ? Promise.resolve().then(() => void told.push('read')) : undefined;
  await whileCurrent({ catchUp }, async () => void told.push('look'));
  expect(told).toEqual(['read', 'look', 'read', 'look']);
});

it('gives no answer when what was missed cannot be read', async () => {
  let looks = 0;
  const lost = () => Promise.reject(new VigieError('index-stale'));
  await expect(whileCurrent({ catchUp: lost }, async () => ++looks)).rejects.toMatchObject({ code: 'index-stale' });
  expect(looks).toBe(0);
  await expect(whileCurrent({ catchUp: () => Promise.resolve() }, async () => ++looks)).rejects.toMatchObject({
    code: 'index-stale',
  });
});
