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
