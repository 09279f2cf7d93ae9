import { VigieError } from '../errors.js';
import type { PdqHasher } from '../signals/pdq/pdq-hasher.js';
import type { FrameSignals, HashMode } from './media-signals.js';
import { isOpaque, orient, over, type Picture, withoutAlpha } from './picture.js';
import { type Area, findTrims } from './trim.js';

/** The hashes of one frame in its areas; none when it is too small to have any. */
export function* hashFrame(
  stored: Picture,
  orientation: number,
  mode: HashMode,
  hasher: PdqHasher,
): Generator<FrameSignals> {
  if (Math.min(stored.width, stored.height) < 5) return;
  const { frame } = stored;
  const hash = (area: FrameSignals['area'], picture: Picture): FrameSignals => {
    const { data, width, height, channels, source } = picture;
    if (channels === 4) throw new VigieError('internal', { detail: 'transparency was not laid over anything' });
    const pixels = { data, width, height, channels, ...(source === undefined ? {} : { source }) };
    const { quality, hashes: pdq } = hasher.hash(pixels, mode);
    return { frame, area, quality, pdq };
  };
  const opaque = isOpaque(stored);
  const plain = stored.channels !== 4 ? stored : opaque ? withoutAlpha(stored) : over(stored, 255);
  const shown = orient(plain, orientation);
  yield hash('full', shown);
  if (shown !== plain) yield hash('stored', plain);
  if (!opaque) {
    yield hash('over-black', orient(over(stored, 0), orientation));
    yield hash('opaque', orient(withoutAlpha(stored), orientation));
  }
  for (const { name, area } of findTrims(shown)) {
    if (Math.min(area.width, area.height) < 5) continue;
    const { quality, hashes: pdq } = hasher.hash(partOf(shown, area), mode);
    yield { frame, area: name, quality, pdq };
  }
}

function partOf(shown: Picture, area: Area) {
  const { data, width, channels, source } = shown;
  return {
    data: data.subarray((area.top * width + area.left) * channels),
    width: area.width,
    height: area.height,
    channels: channels as 1 | 3,
    stride: width * channels,
    // A reduced picture covers more of the original: the part's own size there.
    ...(source === undefined ? {} : { source: scaledArea(area, shown) }),
  };
}

function scaledArea(area: Area, { width, height, source }: Picture) {
  const factorX = (source?.width ?? width) / width;
  const factorY = (source?.height ?? height) / height;
  const scaled = { width: Math.round(area.width * factorX), height: Math.round(area.height * factorY) };
  return { ...scaled, factorX, factorY };
}
