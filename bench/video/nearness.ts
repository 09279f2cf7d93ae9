import type { VideoPool } from '../../src/media/video/video-pool.js';
import { hammingDistance } from '../../src/signals/pdq/hamming-distance.js';
import { type BenchRow, median } from '../harness.js';
import type { Clip } from './clips.js';
import { hashClip } from './speed.js';

const NEAR_BITS = 6;
/** Below it a frame says nothing. */
const MINIMUM_QUALITY = 50;

/** How far the hashes of the fast sampling are from the reference's of the same frames. */
export async function nearness(pool: VideoPool, clips: readonly Clip[]): Promise<readonly BenchRow[]> {
  const distances: number[] = [];
  for (const { path, reference = [] } of clips) {
    const { frames } = await hashClip(pool, path, { mode: 'fast' });
    for (const { area, frame, pdq } of frames) {
      const [, quality = 0, hash = ''] = reference[frame] ?? [];
      if (area !== 'full' || quality < MINIMUM_QUALITY) continue;
      distances.push(hammingDistance(pdq.subarray(0, 32), Buffer.from(hash, 'hex')));
    }
  }
  const near = distances.filter((distance) => distance <= NEAR_BITS).length;
  const what = (text: string) => `fast from the reference, ${text}, ${clips.length} clips`;
  return [
    {
      what: what(`within ${NEAR_BITS} bits`),
      value: (near * 100) / distances.length,
      unit: `% of ${distances.length}`,
    },
    { what: what('median'), value: median(distances), unit: 'bits' },
    { what: what('farthest'), value: Math.max(...distances), unit: 'bits' },
  ];
}
