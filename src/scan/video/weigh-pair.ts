import { Pacer } from '../../index/pause.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import { MINIMUM_QUALITY } from '../../media/media-signals.js';
import { signalType } from '../../signals/signal-types.js';
import { VPDQ_BYTES, type VpdqFrame, writeVpdqValue } from '../../signals/vpdq/vpdq-frame.js';
import { knownFrames } from './known-frames.js';
import { Overlap } from './overlap.js';
import { QueryFrames } from './query-frames.js';
import type { VideoFrame } from './video-frame.js';
import { type VideoMatch, weigh } from './video-match.js';
import { ORIENTATIONS, VIEWS, viewCode } from './view-codes.js';

/**
 * Weighs two videos against each other by the rule by which a scan weighs a video and a known one, without a list. No
 * frame is common here: that is told from other videos.
 * @param query its frames; hashes in all orientations, or the first alone, which then is the only one tried
 * @returns nothing when no frame is near to any of the other
 * @throws the signal's reason
 */
export async function weighPair(
  query: readonly VideoFrame[],
  known: readonly VpdqFrame[],
  signal?: AbortSignal,
): Promise<VideoMatch | undefined> {
  const pacer = new Pacer(signal);
  const frames = new QueryFrames();
  for (const frame of query) frames.push(frame);
  frames.flush();
  const looks = frames.holds.flatMap(({ number, areas }) =>
    areas.flatMap(({ area }) =>
      Array.from({ length: ORIENTATIONS }, (_, orientation) => number * VIEWS + viewCode(area, orientation)),
    ),
  );
  const entry = knownFrames({ id: 'known', signals: known.map(signalOf) });
  const overlap = new Overlap();
  const { defaultThreshold: bits } = signalType('pdq');
  const tools = { pool: new MemoryPool(), pacer, radius: { frames: bits, pictures: bits } };
  await overlap.extend(looks, [], frames, entry, tools);
  if (overlap.meetings.length === 0) return undefined;
  const common = new Uint8Array(frames.holds.length);
  return await weigh({ query: frames, known: entry, overlap, common, whole: true }, pacer);
}

function signalOf(frame: VpdqFrame) {
  const value = new Uint8Array(VPDQ_BYTES);
  writeVpdqValue(frame, value);
  return { type: 'vpdq', value, quality: frame.quality, active: frame.quality >= MINIMUM_QUALITY } as const;
}
