import { expect, it } from 'vitest';
import { Slots } from './slots.js';

const idle = new AbortController().signal;

it('lets no more than so many in, in order, and gives a place on when one is aborted or fails', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  const leave: (() => void)[] = [];
  let inside = 0;
  let most = 0;
  const stay = (i: number, signal = idle) =>
    slots.with(signal, async () => {
      order.push(i);
      most = Math.max(most, ++inside);
      await new Promise<void>((resolve) => leave.push(resolve));
      inside--;
      if (i === 1) throw new Error('failed');
    });
  const gone = new AbortController();
  const stays = [stay(0), stay(1), stay(2), stay(3, gone.signal), stay(4)];
  const outcomes = Promise.allSettled(stays);
  gone.abort(new Error('gone'));
  await expect(stays[3]).rejects.toThrow('gone');
  while (leave.length > 0) {
    leave.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect([order, most]).toEqual([[0, 1, 2, 4], 2]);
  await expect(slots.with(gone.signal, async () => undefined)).rejects.toThrow('gone');
});
