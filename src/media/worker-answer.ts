import { z } from 'zod';
import { type ErrorCode, VigieError } from '../errors.js';
import type { MediaSignals } from './media-signals.js';

/** What a decoder may say of a medium; anything else is not believed. */
export const WORKER_FAILURES = [
  'media-empty',
  'media-too-many-pixels',
  'media-damaged',
  'media-format-unsupported',
  'media-too-small',
  'media-no-video',
  'decoder-memory',
] as const satisfies readonly ErrorCode[];

/** Of the eight hashes of one area. */
export const HASHES_BYTES = 256;

export const workerCount = z.int().min(0);
export const workerFormat = z.string().regex(/^[a-z0-9]{1,16}$/);
export const workerFailureCode = z.enum(WORKER_FAILURES);
export const workerArea = z.enum([
  'full',
  'stored',
  'over-black',
  'opaque',
  'trimmed',
  'trimmed-height',
  'trimmed-width',
]);
const kind = z.enum(['image', 'video', 'other']);
const seconds = z.number().min(0).max(1e9);
const frame = z.strictObject({
  frame: workerCount,
  area: workerArea,
  quality: z.int().min(0).max(100),
  shown: z
    .tuple([seconds, seconds])
    .refine(([from, to]) => from <= to)
    .optional(),
});
export const workerFailure = z.strictObject({
  code: workerFailureCode,
  // It goes into answers and logs.
  detail: z
    .string()
    .regex(/^[\x20-\x7e]{0,120}$/)
    .optional(),
  medium: z.strictObject({ kind, format: workerFormat }).optional(),
});
const answer = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({
    signals: z.strictObject({
      kind,
      format: workerFormat,
      width: workerCount.optional(),
      height: workerCount.optional(),
      seconds: seconds.optional(),
      frames: workerCount,
      framesHashed: workerCount,
      damaged: z.boolean(),
      incomplete: workerFailureCode.nullable(),
      frameList: z.array(frame),
      ms: z.record(z.string().max(16), z.number().min(0)),
    }),
  }),
  z.strictObject({ failure: workerFailure }),
]);

export type CheckedAnswer =
  | { readonly ready: true }
  | { readonly signals: MediaSignals }
  | { readonly failure: VigieError };

/**
 * Reads what a decoder process sent. A decoder that was taken over by a medium could say anything, so that everything
 * is checked.
 * @throws RangeError when it is not an answer
 */
export function checkAnswer(head: unknown, payload: Buffer): CheckedAnswer {
  const parsed = answer.safeParse(head);
  if (!parsed.success) throw new RangeError('the answer is not one');
  const { data } = parsed;
  if ('ready' in data) return data;
  if ('failure' in data) {
    const { code: failed, detail, medium } = data.failure;
    return {
      failure: new VigieError(failed, {
        ...(detail === undefined ? {} : { detail }),
        ...(medium === undefined ? {} : { medium }),
      }),
    };
  }
  const { frameList, width, height, seconds: length, ...rest } = data.signals;
  if (payload.length !== frameList.length * HASHES_BYTES) throw new RangeError('the answer does not fit together');
  const hashes = frameList.map(({ shown, ...each }, i) => ({
    ...each,
    pdq: new Uint8Array(payload.subarray(i * HASHES_BYTES, (i + 1) * HASHES_BYTES)),
    ...(shown === undefined ? {} : { shown }),
  }));
  const size = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) };
  return { signals: { ...rest, ...size, ...(length === undefined ? {} : { seconds: length }), hashes } };
}
