import { expect, it } from 'vitest';
import { TmkAccumulator } from '../../signals/tmk/tmk-accumulator.js';
import { formatTmk } from '../../signals/tmk/tmk-file.js';
import { checkVideoAnswer } from './video-answer.js';

const nothing = Buffer.alloc(0);

it('takes a TMK that is one, and nothing else for it', () => {
  const made = new TmkAccumulator();
  made.add(new Float32Array(256).fill(1));
  const file = Buffer.from(formatTmk(made.finish()));
  expect(checkVideoAnswer({ tmk: true }, file)).toMatchObject({ tmk: { frames: 1, dimension: 256 } });
  for (const payload of [nothing, file.subarray(1), file.subarray(0, -4), Buffer.alloc(file.length)]) {
    expect(() => checkVideoAnswer({ tmk: true }, payload)).toThrow(RangeError);
  }
});

it('takes progress within what a video can have', () => {
  expect(checkVideoAnswer({ progress: 61.5 }, nothing)).toEqual({ progress: 61.5 });
  for (const progress of [-1, 1e12, '5', null]) {
    expect(() => checkVideoAnswer({ progress }, nothing)).toThrow(RangeError);
  }
});
