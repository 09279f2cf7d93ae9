import type { VigieError } from '../../errors.js';
import type { VideoSummary } from '../../media/video/video-signals.js';
import { DIHEDRAL_NAMES } from '../../signals/pdq/dihedral.js';
import { signalType } from '../../signals/signal-types.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import type { VpdqFrame } from '../../signals/vpdq/vpdq-frame.js';

/** One line of `vigie hash --format jsonl`; absent keys are left out. */
export interface HashLine {
  readonly path: string;
  readonly bytes?: number;
  readonly kind?: string;
  readonly format?: string;
  readonly width?: number;
  readonly height?: number;
  readonly md5?: string;
  readonly sha1?: string;
  readonly sha256?: string;
  readonly pdq?: string;
  readonly quality?: number;
  readonly dihedral?: Readonly<Record<string, string>>;
  readonly video?: Pick<VideoSummary, 'codec' | 'width' | 'height' | 'rotation' | 'seconds' | 'frames'>;
  /** One text a hashed frame: `hash,quality,seconds`. */
  readonly vpdq?: readonly string[];
  readonly damaged?: true;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What hashing a file gave. */
export interface Hashed {
  readonly line: HashLine;
  /** Of a video; empty when there are none. */
  readonly frames: readonly VpdqFrame[];
  readonly tmk?: TmkVideo;
}

const PDQ_BYTES = 32;

/** The exact hashes of a line. */
export function exact(digests: Readonly<Record<'md5' | 'sha1' | 'sha256', Uint8Array>>) {
  return {
    md5: signalType('md5').format(digests.md5),
    sha1: signalType('sha1').format(digests.sha1),
    sha256: signalType('sha256').format(digests.sha256),
  };
}

/** The hashes of a picture. @param pdq 8 × 32 bytes in the order of `DIHEDRAL_NAMES` */
export function perceptual(pdq: Uint8Array, quality: number) {
  const hex = (i: number) => signalType('pdq').format(pdq.subarray(i * PDQ_BYTES, (i + 1) * PDQ_BYTES));
  return { pdq: hex(0), quality, dihedral: Object.fromEntries(DIHEDRAL_NAMES.map((name, i) => [name, hex(i)])) };
}

/** Why something, or a part of it, could not be hashed. */
export function failed({ code, message }: VigieError): Required<Pick<HashLine, 'error'>> {
  return { error: { code, message } };
}
