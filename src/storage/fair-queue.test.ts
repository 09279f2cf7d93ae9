import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.js';

describe('the fair queue', () => {
  it('lets in one at a time, in the order of asking', async () => {
    const queue = new FairQueue({ length: 10, waitLimit: 60_000 });
    const order: number[] = [];
    let inside = 0;
    const visit = async (number: number): Promise<void> => {
      const leave = await queue.enter();
      expect(++inside).toBe(1);
      order.push(number);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      leave();
      leave();
    };
    await Promise.all([1, 2, 3, 4, 5].map(visit));
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(queue.waiting).toBe(0);
  });

  it('forgets those who have left the line', async () => {
    const queue = new FairQueue({ length: 1, waitLimit: 60_000 });
    const leave = await queue.enter();
    const controller = new AbortController();
    const impatient = queue.enter(controller.signal);
    await expect(queue.enter()).rejects.toMatchObject({ code: 'database-busy', retryAfter: 1 });
    controller.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    const patient = queue.enter();
    leave();
    (await patient)();
    (await queue.enter())();
    await expect(queue.enter(AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
  });

  it('does not let anybody wait for ever', async () => {
    const queue = new FairQueue({ length: 10, waitLimit: 5 });
    const leave = await queue.enter();
    await expect(queue.enter()).rejects.toMatchObject({ code: 'database-busy' });
    leave();
    (await queue.enter())();
  });
});
