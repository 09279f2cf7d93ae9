import { VigieError } from '../../errors.js';
import { detectFormat } from '../../lists/formats/detect.js';
import { LINE_LIMIT } from '../../lists/formats/list-parser.js';
import type { MediaSignals } from '../../media/media-signals.js';
import type { MediaPool } from '../../media/pool.js';
import type { VideoPool } from '../../media/video/video-pool.js';
import type { VideoSummary } from '../../media/video/video-signals.js';
import { peekMedium } from '../../scan/peek-medium.js';
import { readMedium } from '../../scan/read-medium.js';
import { Arrival } from '../../scan/video/look-at-video.js';
import type { VideoFrame } from '../../scan/video/video-frame.js';
import { parseTmk } from '../../signals/tmk/tmk-file.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import { MAX_VPDQ_FRAMES } from '../../signals/vpdq/vpdq-frame.js';
import { parseVpdq } from '../../signals/vpdq/vpdq-text.js';
import { clock, printable, showStatus } from '../output.js';
import { readPieces } from '../read-pieces.js';

/** A file that is compared with another one. */
export type Operand = PictureOperand | VideoOperand | TmkOperand;

export interface PictureOperand {
  readonly kind: 'picture';
  readonly sha256: Uint8Array;
  readonly media: MediaSignals;
}

export interface VideoOperand {
  readonly kind: 'video';
  /** Absent for a file of hashes. */
  readonly sha256?: Uint8Array;
  /** In order of time; of a file of hashes in one orientation only. */
  readonly frames: readonly VideoFrame[];
  readonly tmk?: TmkVideo;
  /** Why a part of it could not be looked at. */
  readonly incomplete: VideoSummary['incomplete'];
}

export interface TmkOperand {
  readonly kind: 'tmk';
  readonly tmk: TmkVideo;
}

export interface OperandTools {
  readonly pool: Pick<MediaPool, 'hash'>;
  readonly videos: Pick<VideoPool, 'hash'>;
  /** Longest picture. */
  readonly maximumBytes: number;
  readonly secondsPerHash: number;
  readonly tmk: boolean;
  readonly signal: AbortSignal;
}

const TMK_MAGIC = 'TMK1';

/**
 * Reads a file and hashes it as the references do: a picture, a video, a file of vPDQ hashes or of TMK+PDQF.
 * @throws VigieError `file-not-readable`, `signal-invalid`; what the decoders throw; the signal's reason
 */
export async function readOperand(path: string, tools: OperandTools): Promise<Operand> {
  const { signal, maximumBytes } = tools;
  const { head: start, all, sniffed } = await peekMedium(readPieces({ path, file: path }, signal));
  if (sniffed.kind === 'video') return await hashVideo(path, all, tools);
  const textual = isHashes(start);
  const { bytes, digests } = await readMedium(all, { maximumBytes: textual ? LINE_LIMIT : maximumBytes, signal });
  if (textual) return fromHashes(Buffer.from(bytes).toString());
  if (Buffer.from(start.subarray(0, TMK_MAGIC.length)).toString('latin1') === TMK_MAGIC) {
    return { kind: 'tmk', tmk: parseTmk(bytes) };
  }
  return { kind: 'picture', sha256: digests.sha256, media: await tools.pool.hash(bytes, { mode: 'faithful', signal }) };
}

async function hashVideo(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { videos, secondsPerHash, tmk, signal }: OperandTools,
): Promise<VideoOperand> {
  const arrival = new Arrival(source, Number.POSITIVE_INFINITY, async () => undefined);
  const name = printable(path);
  const onTmkProgress = (seconds: number): void => showStatus(`TMK of ${clock(seconds)}: ${name}`);
  const hashing = videos.hash(arrival.shared(), { mode: 'faithful', secondsPerHash, tmk, onTmkProgress, signal });
  const frames: VideoFrame[] = [];
  for await (const frame of hashing) {
    if (frames.length === MAX_VPDQ_FRAMES) {
      throw new VigieError('media-too-large', {
        detail: `${MAX_VPDQ_FRAMES} frames were hashed; take fewer with --every`,
      });
    }
    // As it is stored, which is what the other one is compared by too.
    frames.push({ ...frame, area: 'full' });
    showStatus(`${clock(frame.seconds)} hashed: ${name}`);
  }
  const { incomplete, tmk: made } = await hashing.summary;
  await arrival.toEnd();
  return {
    kind: 'video',
    ...(arrival.digests === undefined ? {} : { sha256: arrival.digests.sha256 }),
    frames,
    ...(made === undefined ? {} : { tmk: made }),
    incomplete,
  };
}

function isHashes(head: Uint8Array): boolean {
  try {
    return detectFormat(head) === 'vpdq';
  } catch {
    return false;
  }
}

function fromHashes(text: string): VideoOperand {
  const frames = [...parseVpdq(text)].sort((a, b) => a.seconds - b.seconds);
  return {
    kind: 'video',
    frames: frames.map((each, frame) => ({ ...each, frame, pass: 'whole', area: 'full' })),
    incomplete: null,
  };
}
