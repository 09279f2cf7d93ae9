import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { parseTmk } from '../../signals/tmk/tmk-file.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import {
  HASHES_BYTES,
  workerArea,
  workerCount,
  workerFailure,
  workerFailureCode,
  workerFormat,
} from '../worker-answer.js';
import type { VideoEnd, VideoStart } from './video-protocol.js';
import type { VideoFrameSignals, VideoSummary } from './video-signals.js';

const seconds = z.number().min(0).max(1e9);
const stages = z.record(z.string().max(16), z.number().min(0));
const answer = z.union([
  z.strictObject({
    sample: z.strictObject({
      pass: z.enum(['keys', 'whole']),
      frame: workerCount,
      seconds,
      areas: z.array(z.strictObject({ area: workerArea, quality: z.int().min(0).max(100) })).max(8),
    }),
  }),
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ progress: seconds }),
  z.strictObject({ tmk: z.literal(true) }),
  z.strictObject({ stopped: stages }),
  z.strictObject({ looked: z.literal(true) }),
  z.strictObject({
    start: z.strictObject({
      format: workerFormat,
      codec: z.string().regex(/^[a-z0-9_]{1,24}$/),
      width: workerCount,
      height: workerCount,
      rotation: z.int().min(0).max(359),
      seconds,
      frames: workerCount,
    }),
  }),
  z.strictObject({
    end: z.strictObject({
      seconds,
      framesHashed: workerCount,
      damaged: z.boolean(),
      incomplete: workerFailureCode.nullable(),
      ms: stages,
    }),
  }),
  z.strictObject({ failure: workerFailure }),
]);
const numbered = z.strictObject({ order: workerCount, answer });

/** What was said, and of which order; 0 is of none. */
export interface CheckedVideoAnswer {
  readonly order: number;
  readonly said: Said;
}

export type Said =
  | { readonly ready: true }
  | { readonly stopped: VideoSummary['ms'] }
  | { readonly looked: true }
  | { readonly start: VideoStart }
  | { readonly frames: readonly VideoFrameSignals[] }
  | { readonly progress: number }
  | { readonly tmk: TmkVideo }
  | { readonly end: VideoEnd }
  | { readonly failure: VigieError };

/**
 * Reads what a video decoder process sent. One that was taken over by a medium could say anything, so that everything
 * is checked.
 * @throws RangeError when it is not an answer
 */
export function checkVideoAnswer(head: unknown, payload: Buffer): CheckedVideoAnswer {
  const parsed = numbered.safeParse(head);
  if (!parsed.success) throw new RangeError('the answer is not one');
  const { order, answer: said } = parsed.data;
  return { order, said: read(said, payload) };
}

function read(data: z.infer<typeof answer>, payload: Buffer): Said {
  if ('failure' in data) {
    const { code, detail, medium } = data.failure;
    const more = { ...(detail === undefined ? {} : { detail }), ...(medium === undefined ? {} : { medium }) };
    return { failure: new VigieError(code, more) };
  }
  if ('tmk' in data) return { tmk: readTmk(payload) };
  if (!('sample' in data)) return data;
  const { areas, ...rest } = data.sample;
  if (payload.length !== areas.length * HASHES_BYTES) throw new RangeError('the answer does not fit together');
  const pdq = (i: number) => new Uint8Array(payload.subarray(i * HASHES_BYTES, (i + 1) * HASHES_BYTES));
  return { frames: areas.map((area, i) => ({ ...rest, ...area, pdq: pdq(i) })) };
}

function readTmk(payload: Buffer): TmkVideo {
  try {
    return parseTmk(payload);
  } catch (cause) {
    throw new RangeError('the answer is no TMK', { cause });
  }
}
