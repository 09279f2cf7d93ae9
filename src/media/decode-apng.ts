import { VigieError } from '../errors.js';
import { type Apng, type ApngFrame, readApng } from './apng.js';
import { Canvas } from './canvas.js';
import { type Shown, shownTimes } from './frame-delays.js';
import type { Decoded, DecodeLimits, Picture } from './picture.js';
import { decodeRgba } from './sharp-pixels.js';
import { spread } from './spread.js';

/** Work on one animation: pixels decoded, and as many again for each frame that is begun. */
const ANIMATION_PIXELS = 1_000_000_000;
const FRAME_PIXELS = 200_000;

/**
 * Decodes an animated PNG by taking each frame out as a PNG of its own and drawing it on a canvas. The still picture
 * that stands for the animation where nothing animates is its first frame when it is not part of it.
 * @throws VigieError `media-damaged`, `media-too-many-pixels` also while the frames are read, when there are more than
 * can be drawn
 */
export function decodeApng(bytes: Uint8Array, limits: DecodeLimits): Decoded {
  const apng = readApng(bytes);
  const { width, height, still, frames, whole } = apng;
  if (width * height > limits.maxPixels) throw new VigieError('media-too-many-pixels');
  const times = shownTimes(frames.map(({ delay }) => delay));
  const decoded: Decoded = {
    width,
    height,
    frames: frames.length + (still === undefined ? 0 : 1),
    orientation: 1,
    seconds: times.at(-1)?.[1] ?? 0,
    damaged: !whole,
    pictures: pictures(apng, times, limits, () => {
      decoded.damaged = true;
    }),
  };
  return decoded;
}

async function* pictures(
  apng: Apng,
  times: readonly Shown[],
  limits: DecodeLimits,
  onDamage: () => void,
): AsyncGenerator<Picture> {
  const { width, height, still, frames } = apng;
  const size = { width, height, channels: 4 } as const;
  const pixelsOf = async (png: Uint8Array, wanted: { readonly width: number; readonly height: number }) => {
    const { data, damaged } = await decodeRgba(png, wanted);
    if (damaged) onDamage();
    return data;
  };
  const before = still === undefined ? 0 : 1;
  if (still !== undefined) yield { frame: 0, data: await pixelsOf(still(), size), ...size };
  const canvas = new Canvas(width, height);
  const chosen = spread(frames.length, Math.max(1, limits.maxFrames - before));
  const shown = new Set(chosen);
  let budget = ANIMATION_PIXELS;
  for (const i of needed(frames, chosen, apng)) {
    const frame = frames[i] as ApngFrame;
    budget -= frame.width * frame.height + FRAME_PIXELS;
    if (budget < 0) throw new VigieError('media-too-many-pixels', { detail: `animation of ${frames.length} frames` });
    const pixels = await pixelsOf(frame.png(), frame);
    const covered = frame.dispose === 'restore' ? canvas.cut(frame) : undefined;
    if (frame.replaces) canvas.replace(frame, pixels);
    else canvas.lay(frame, pixels);
    if (shown.has(i)) yield { frame: before + i, data: canvas.data.slice(), ...size, shown: times[i] as Shown };
    if (covered !== undefined) canvas.replace(frame, covered);
    else if (frame.dispose === 'clear') canvas.clear(frame);
  }
}

/** The frames that must be drawn to show the chosen ones: from the last frame that leaves nothing of those before it. */
function* needed(frames: readonly ApngFrame[], chosen: readonly number[], canvas: Apng): Generator<number> {
  let next = 0;
  for (const wanted of chosen) {
    let from = wanted;
    while (from > next && !startsAnew(frames[from] as ApngFrame, canvas)) from--;
    for (let i = from; i <= wanted; i++) yield i;
    next = wanted + 1;
  }
}

function startsAnew(frame: ApngFrame, { width, height }: Apng): boolean {
  return frame.replaces && frame.dispose !== 'restore' && frame.width === width && frame.height === height;
}
