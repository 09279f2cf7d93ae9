import { VigieError } from '../../errors.js';
import { MINIMUM_QUALITY } from '../../media/media-signals.js';
import type { VideoFrame } from '../../scan/video/video-frame.js';
import { weighPair } from '../../scan/video/weigh-pair.js';
import { viewsOf } from '../../scan/views.js';
import { signalType } from '../../signals/signal-types.js';
import { compareTmk } from '../../signals/tmk/compare-tmk.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import { compareVpdq, type VpdqRule } from '../../signals/vpdq/compare-vpdq.js';
import { PDQ_BYTES, type VpdqFrame } from '../../signals/vpdq/vpdq-frame.js';
import type {
  Comparison,
  FrameComparison,
  ReferencePercents,
  TmkComparison,
  ValueComparison,
  VideoComparison,
} from './comparison.js';
import type { Operand, PictureOperand, VideoOperand } from './operand.js';

const TMK_THRESHOLD = 0.7;
/** From which share of the query on the Python package takes two videos for the same, whatever the share of the other. */
const PYTX_PERCENT = 80;

/**
 * Compares two files by what they are.
 * @param byTmk videos by TMK+PDQF, which both must have
 * @throws VigieError `usage` when they cannot be compared; `signal-invalid`, `media-damaged` when one has no usable hash
 */
export async function compareOperands(
  a: Operand,
  b: Operand,
  { byTmk, signal }: { readonly byTmk: boolean; readonly signal: AbortSignal },
): Promise<Comparison> {
  if (byTmk || a.kind === 'tmk' || b.kind === 'tmk') return compareByTmk(a, b);
  if (isSame(a, b)) return { signal: 'sha256', distance: 0, match: true };
  if (a.kind === 'video') return b.kind === 'video' ? await compareVideos(a, b, signal) : nearestFrame(b, a);
  return b.kind === 'video' ? nearestFrame(a, b) : comparePictures(a, b);
}

function isSame(a: PictureOperand | VideoOperand, b: PictureOperand | VideoOperand): boolean {
  return a.sha256 !== undefined && b.sha256 !== undefined && Buffer.compare(a.sha256, b.sha256) === 0;
}

function comparePictures(a: PictureOperand, b: PictureOperand): ValueComparison {
  const target = b.media.hashes.find(({ area }) => area === 'full');
  if (target === undefined) throw new VigieError('media-damaged', { detail: 'the second file has no PDQ hash' });
  const type = signalType('pdq');
  const goal = target.pdq.subarray(0, type.bytes);
  let best: ValueComparison | undefined;
  for (const { name, pdq, quality } of viewsOf(a.media.hashes)) {
    const distance = type.distance(pdq, goal);
    if (best !== undefined && best.distance <= distance) continue;
    const match = distance <= type.defaultThreshold && Math.min(quality, target.quality) >= MINIMUM_QUALITY;
    best = { signal: 'pdq', distance, match, view: name, quality: [quality, target.quality] };
  }
  if (best === undefined) throw new VigieError('media-damaged', { detail: 'the first file has no usable PDQ hash' });
  return best;
}

/** The frame to which some view of the picture comes nearest; of equals the first. */
function nearestFrame(picture: PictureOperand, video: VideoOperand): FrameComparison {
  const type = signalType('pdq');
  const frames = usable(video.frames);
  if (frames.length === 0) throw withoutFrames('the video');
  let best: FrameComparison | undefined;
  for (const { name, pdq, quality } of viewsOf(picture.media.hashes)) {
    for (const frame of frames) {
      const distance = type.distance(pdq, frame.pdq.subarray(0, PDQ_BYTES));
      if (best !== undefined && best.distance <= distance) continue;
      const match = distance <= type.defaultThreshold;
      best = { signal: 'pdq', distance, match, view: name, quality: [quality, frame.quality], seconds: frame.seconds };
    }
  }
  if (best === undefined) throw new VigieError('media-damaged', { detail: 'the picture has no usable PDQ hash' });
  return { ...best, ...untold(best.match, video) };
}

async function compareVideos(a: VideoOperand, b: VideoOperand, signal: AbortSignal): Promise<VideoComparison> {
  if (usable(a.frames).length === 0) throw withoutFrames('the first');
  if (usable(b.frames).length === 0) throw withoutFrames('the second');
  const [first, second] = [a.frames.map(asStored), b.frames.map(asStored)];
  const found = await weighPair(a.frames, second, signal);
  const pytx = percents(first, second, 'pytx');
  return {
    signal: 'vpdq',
    match: found !== undefined,
    rule: 'vigie',
    extent: found?.extent ?? null,
    video: found?.video ?? null,
    ...(found === undefined ? {} : { view: found.view }),
    ...untold(found !== undefined, a, b),
    incomplete: [a.incomplete, b.incomplete],
    reference: {
      cpp: percents(first, second, 'cpp'),
      pytx: { ...pytx, match: pytx.percents[0] >= PYTX_PERCENT },
    },
  };
}

function percents(a: readonly VpdqFrame[], b: readonly VpdqFrame[], rule: VpdqRule): ReferencePercents {
  const { queryPercent, comparedPercent, queryFrames, comparedFrames } = compareVpdq(a, b, { rule });
  return { percents: [tenths(queryPercent), tenths(comparedPercent)], frames: [queryFrames, comparedFrames] };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

const asStored = ({ pdq, ...frame }: VideoFrame): VpdqFrame => ({ ...frame, pdq: pdq.subarray(0, PDQ_BYTES) });

const usable = (frames: readonly VideoFrame[]) => frames.filter(({ quality }) => quality >= MINIMUM_QUALITY);

function withoutFrames(which: string): VigieError {
  return new VigieError('signal-invalid', { detail: `vpdq: ${which} has no frame of quality ${MINIMUM_QUALITY}` });
}

/** What was not looked at might have matched. */
function untold(match: boolean, ...videos: readonly VideoOperand[]): Pick<VideoComparison, 'untold'> {
  const reason = match ? null : (videos.find(({ incomplete }) => incomplete !== null)?.incomplete ?? null);
  return reason === null ? {} : { untold: reason };
}

function compareByTmk(a: Operand, b: Operand): TmkComparison {
  const [first, second] = [tmkOf(a), tmkOf(b)];
  const thresholds = { level1: TMK_THRESHOLD, level2: TMK_THRESHOLD };
  const { level1, level2, match } = compareTmk(first, second, thresholds);
  return {
    signal: 'tmk',
    match,
    level1,
    level2: level2 ?? null,
    thresholds: [TMK_THRESHOLD, TMK_THRESHOLD],
    ...untold(match, ...[a, b].filter((each) => each.kind === 'video')),
  };
}

function tmkOf(operand: Operand): TmkVideo {
  const tmk = operand.kind === 'picture' ? undefined : operand.tmk;
  if (tmk === undefined) {
    throw new VigieError('usage', { detail: 'TMK goes with videos and .tmk files only; give --tmk for two videos' });
  }
  return tmk;
}
