import { VigieError } from '../../errors.js';
import type { HashMode } from '../../media/media-signals.js';
import type { MediaPool } from '../../media/pool.js';
import type { VideoPool } from '../../media/video/video-pool.js';
import { peekMedium } from '../../scan/peek-medium.js';
import { readMedium } from '../../scan/read-medium.js';
import { readPieces } from '../read-pieces.js';
import type { Found } from '../walk.js';
import { exact, failed, type Hashed, type HashLine, perceptual } from './hash-line.js';
import { hashVideo } from './hash-video.js';

export interface HashTools {
  readonly pool: Pick<MediaPool, 'hash'>;
  readonly videos: Pick<VideoPool, 'hash'>;
  /** For pictures; videos are always hashed as the reference does it. */
  readonly mode: HashMode;
  /** Longest picture. */
  readonly maximumBytes: number;
  readonly secondsPerHash: number;
  readonly tmk: boolean;
  readonly signal: AbortSignal;
}

/**
 * Hashes one file. What cannot be hashed is told in its line.
 * @throws the signal's reason
 */
export async function hashFile(found: Found, tools: HashTools): Promise<Hashed> {
  const { path } = found;
  const { signal } = tools;
  if (found.error !== undefined) return { line: { path, ...failed(found.error) }, frames: [] };
  try {
    const { all, sniffed } = await peekMedium(readPieces(found, signal));
    if (sniffed.kind === 'video') return await hashVideo(path, all, sniffed, tools);
    return { line: await hashPicture(path, all, tools), frames: [] };
  } catch (cause) {
    signal.throwIfAborted();
    return { line: { path, ...failed(VigieError.from(cause)) }, frames: [] };
  }
}

async function hashPicture(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { pool, mode, maximumBytes, signal }: HashTools,
): Promise<HashLine> {
  const { bytes, digests } = await readMedium(source, { maximumBytes, signal });
  const base = { path, bytes: bytes.length, ...exact(digests) };
  try {
    if (bytes.length === 0) throw new VigieError('media-empty');
    const media = await pool.hash(bytes, { mode, signal });
    const frame = media.hashes.find(({ area }) => area === 'full');
    return {
      ...base,
      kind: media.kind,
      format: media.format,
      ...(media.width === undefined ? {} : { width: media.width }),
      ...(media.height === undefined ? {} : { height: media.height }),
      ...(frame === undefined ? {} : perceptual(frame.pdq, frame.quality)),
      ...(media.damaged ? { damaged: true } : {}),
      // What could be looked at is told together with why the rest could not.
      ...(media.incomplete === null ? {} : failed(new VigieError(media.incomplete))),
    };
  } catch (cause) {
    signal.throwIfAborted();
    const error = VigieError.from(cause);
    const damaged = error.code === 'media-damaged' ? ({ damaged: true } as const) : {};
    return { ...base, ...(error.medium ?? {}), ...damaged, ...failed(error) };
  }
}
