import { expect, it } from 'vitest';
import { TmkAccumulator } from '../../signals/tmk/tmk-accumulator.js';
import { formatTmk } from '../../signals/tmk/tmk-file.js';
import { checkVideoAnswer } from './video-answer.js';

const nothing = Buffer.alloc(0);
const of = (order: unknown, answer: unknown) => ({ order, answer });

it('takes a TMK that is one, and nothing else for it', () => {
  const made = new TmkAccumulator();
  made.add(new Float32Array(256).fill(1));
  const file = Buffer.from(formatTmk(made.finish()));
  expect(checkVideoAnswer(of(7, { tmk: true }), file)).toMatchObject({
    order: 7,
    said: { tmk: { frames: 1, dimension: 256 } },
  });
  for (const payload of [nothing, file.subarray(1), file.subarray(0, -4), Buffer.alloc(file.length)]) {
    expect(() => checkVideoAnswer(of(7, { tmk: true }), payload)).toThrow(RangeError);
  }
});

it('takes progress within what a video can have', () => {
  expect(checkVideoAnswer(of(1, { progress: 61.5 }), nothing)).toEqual({ order: 1, said: { progress: 61.5 } });
  for (const progress of [-1, 1e12, '5', null]) {
    expect(() => checkVideoAnswer(of(1, { progress }), nothing)).toThrow(RangeError);
  }
});

it('takes nothing that does not say of which order it is', () => {
  for (const head of [{ progress: 1 }, of(-1, { progress: 1 }), of('1', { progress: 1 }), of(1, {}), { order: 1 }]) {
    expect(() => checkVideoAnswer(head, nothing)).toThrow(RangeError);
  }
});
