import { expect, it } from 'vitest';
import type { FrameSignals } from '../../media/media-signals.js';
import { animationFrames } from './animation-frames.js';

const pdq = new Uint8Array(256);
const areaOf = (frame: number, from: number, to: number, area: FrameSignals['area'] = 'full'): FrameSignals => ({
  ...{ frame, area, quality: 90, pdq },
  shown: [from, to],
});

it('takes a frame that stays once a second, with all of its areas', () => {
  const hashes = [
    { frame: 0, area: 'full', quality: 90, pdq } as const,
    areaOf(1, 0, 2.5),
    areaOf(1, 0, 2.5, 'trimmed'),
    areaOf(2, 2.5, 3),
    areaOf(5, 3, 4),
  ];
  const taken = animationFrames({ hashes, seconds: 4 }).map(({ frame, area, seconds }) => [frame, area, seconds]);
  expect(taken).toEqual([
    ...[0, 1, 2].flatMap((seconds) => [
      [1, 'full', seconds],
      [1, 'trimmed', seconds],
    ]),
    [2, 'full', 2.5],
    [5, 'full', 3],
  ]);
});

it('takes none of what does not move, or has too few frames to act', () => {
  const still = { frame: 0, area: 'full', quality: 90, pdq } as const;
  expect(animationFrames({ hashes: [still, { ...still, area: 'trimmed' }] })).toEqual([]);
  expect(animationFrames({ hashes: [areaOf(0, 0, 5), areaOf(1, 5, 9)], seconds: 9 })).toEqual([]);
});

it('does not take more of frames that stay for days', () => {
  const week = 7 * 86_400;
  const hashes = Array.from({ length: 300 }, (_, i) => areaOf(i, i * week, (i + 1) * week));
  const taken = animationFrames({ hashes, seconds: 300 * week });
  expect(taken.length).toBeLessThan(5_000);
  expect(taken.map(({ seconds }) => seconds)).toEqual(taken.map(({ seconds }) => seconds).sort((a, b) => a - b));
});
