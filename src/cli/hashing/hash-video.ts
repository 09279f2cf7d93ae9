import { VigieError } from '../../errors.js';
import type { Sniffed } from '../../media/sniff.js';
import type { VideoSummary } from '../../media/video/video-signals.js';
import { Arrival } from '../../scan/video/look-at-video.js';
import { PDQ_BYTES, type VpdqFrame } from '../../signals/vpdq/vpdq-frame.js';
import { formatVpdqItem } from '../../signals/vpdq/vpdq-text.js';
import { clock, printable, showStatus } from '../output.js';
import type { HashTools } from './hash-file.js';
import { exact, failed, type Hashed } from './hash-line.js';

/** So many hashes of one video are held: nine hours of every frame. */
const MOST_FRAMES = 1_000_000;

/**
 * Hashes a video as the vPDQ reference does, while it is read: it is never in memory as a whole. Its exact hashes are
 * had even when it cannot be decoded.
 * @throws VigieError `file-not-readable`; the signal's reason
 */
export async function hashVideo(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { kind, format }: Sniffed,
  tools: HashTools,
): Promise<Hashed> {
  const { signal } = tools;
  const arrival = new Arrival(source, Number.POSITIVE_INFINITY, async () => undefined);
  const frames: VpdqFrame[] = [];
  let summary: VideoSummary | undefined;
  let error: VigieError | undefined;
  try {
    summary = await readFrames(path, arrival, frames, tools);
  } catch (cause) {
    signal.throwIfAborted();
    error = VigieError.from(cause);
  }
  await arrival.toEnd();
  const { bytes, digests } = arrival;
  // Reading it failed, so nothing of it is that of the whole file.
  if (digests === undefined) throw error ?? new VigieError('file-not-readable');
  error ??= typeof summary?.incomplete === 'string' ? new VigieError(summary.incomplete) : undefined;
  return {
    line: {
      path,
      bytes,
      ...exact(digests),
      kind,
      format,
      ...(summary === undefined ? {} : told(summary)),
      ...(frames.length === 0 ? {} : { vpdq: frames.map(formatVpdqItem) }),
      ...(summary?.damaged === true || error?.code === 'media-damaged' ? { damaged: true } : {}),
      ...(error === undefined ? {} : failed(error)),
    },
    frames,
    ...(summary?.tmk === undefined ? {} : { tmk: summary.tmk }),
  };
}

async function readFrames(
  path: string,
  arrival: Arrival,
  frames: VpdqFrame[],
  { videos, secondsPerHash, tmk, signal }: HashTools,
): Promise<VideoSummary> {
  const name = printable(path);
  const onTmkProgress = (seconds: number): void => showStatus(`TMK of ${clock(seconds)}: ${name}`);
  const hashing = videos.hash(arrival.shared(), { mode: 'faithful', secondsPerHash, tmk, onTmkProgress, signal });
  for await (const { frame, seconds, quality, pdq } of hashing) {
    if (frames.length === MOST_FRAMES) {
      throw new VigieError('media-too-large', { detail: `${MOST_FRAMES} frames were hashed; hash fewer with --every` });
    }
    frames.push({ frame, seconds, quality, pdq: pdq.slice(0, PDQ_BYTES) });
    showStatus(`${clock(seconds)} hashed: ${name}`);
  }
  return await hashing.summary;
}

function told({ codec, width, height, rotation, seconds, frames }: VideoSummary) {
  return { width, height, video: { codec, width, height, rotation, seconds, frames } };
}
