import { expect, it } from 'vitest';
import { mutatedMedia } from '../../bench/soak/mutated-media.js';

it('answers hundreds of damaged media with signals or a coded error', { timeout: 300_000 }, async () => {
  const { rows, failures } = await mutatedMedia({ count: 300, seed: 20_000, progress: () => undefined });
  expect(failures).toEqual([]);
  expect(rows.some(({ what }) => what === 'answered: signals')).toBe(true);
  expect(rows.some(({ what }) => what === 'answered: media-damaged')).toBe(true);
});
