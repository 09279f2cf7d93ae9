import type { ErrorCode, VigieErrorOptions } from '../errors.js';
import type { FrameSignals, HashMode, MediaSignals } from './media-signals.js';

/** What the service asks of a decoder process; the bytes of the medium follow as the payload. */
export interface WorkerOrder {
  readonly mode: HashMode;
  readonly maxPixels: number;
  readonly maxFrames: number;
}

/** What comes back; the hashes of all frames, 256 bytes each, follow as the payload. */
export type WorkerAnswer =
  | { readonly ready: true }
  | {
      readonly signals: Omit<MediaSignals, 'hashes'> & { readonly frameList: readonly Omit<FrameSignals, 'pdq'>[] };
    }
  | {
      readonly failure: {
        readonly code: ErrorCode;
        readonly detail?: string;
        readonly medium?: NonNullable<VigieErrorOptions['medium']>;
      };
    };

const HASHES_BYTES = 256;

/** Puts the answer together; a decoder that was taken over could say anything, so that the sizes are checked. */
export function toMediaSignals(answer: Extract<WorkerAnswer, { signals: unknown }>, payload: Buffer): MediaSignals {
  const { frameList, ...rest } = answer.signals;
  if (payload.length !== frameList.length * HASHES_BYTES) throw new RangeError('the answer does not fit together');
  const hashes = frameList.map((frame, i) => ({
    ...frame,
    pdq: new Uint8Array(payload.subarray(i * HASHES_BYTES, (i + 1) * HASHES_BYTES)),
  }));
  return { ...rest, hashes };
}
