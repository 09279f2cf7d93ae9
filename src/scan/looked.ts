import type { ErrorCode } from '../errors.js';
import type { MediaKind, MediaSignals } from '../media/media-signals.js';
import type { DigestValues } from './signal-cache.js';
import type { VideoMatcher } from './video/video-matcher.js';

/** What of a medium was looked at, before it is concluded what that means. */
export interface Looked {
  readonly bytes: number;
  readonly digests: DigestValues | undefined;
  readonly media: MediaSignals | undefined;
  readonly photodna: Uint8Array | undefined;
  /** Why a part of the medium could not be looked at. */
  readonly failure: { readonly code: ErrorCode; readonly kind: MediaKind; readonly format: string } | undefined;
  readonly ms: Record<string, number>;
  /** For a video: what its frames were matched with. */
  readonly video?: {
    readonly matcher: VideoMatcher;
    /** True when enough was found before its end, so that "nothing found" would say nothing. */
    readonly stopped: boolean;
  };
}
