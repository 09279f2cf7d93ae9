import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { PdqHasher } from '../../signals/pdq/pdq-hasher.js';
import { hashMedium } from '../hash-medium.js';
import type { FrameSignals, HashMode, MediaSignals } from '../media-signals.js';

export const LIMITS = { maxPixels: 100_000_000, maxFrames: 300 } as const;

const hasher = await PdqHasher.create();

/** Decodes and hashes in this process, without a sandbox around it. */
export async function hashHere(bytes: Uint8Array, mode: HashMode = 'faithful', limits = {}): Promise<MediaSignals> {
  return await hashMedium(bytes, { mode, hasher, limits: { ...LIMITS, ...limits } });
}

/** The faithful hash of known pixels. */
export function hashOfPixels(data: Uint8Array, width: number, height: number, channels: 1 | 3 = 3): Uint8Array {
  return hasher.hash({ data, width, height, channels }, 'faithful').hashes.subarray(0, 32);
}

/** The hash of a frame in an area, as the picture lies. */
export function hashOf({ hashes }: MediaSignals, area: FrameSignals['area'] = 'full', frame = 0): Uint8Array {
  const found = hashes.find((each) => each.area === area && each.frame === frame);
  if (found === undefined) throw new Error(`no hash of ${area} of frame ${frame}`);
  return found.pdq.subarray(0, 32);
}

export { hammingDistance };
