import { expect, it } from 'vitest';
import { mutatedVideo } from '../../../bench/soak/mutated-video.js';
import { ffmpegNote, programs } from './testing/video-pools.js';

it.skipIf(programs === undefined)(
  `answers damaged video with frames or a coded error${ffmpegNote}`,
  {
    timeout: 500_000,
  },
  async () => {
    const { rows, failures } = await mutatedVideo({ count: 75, seed: 40_000, progress: () => undefined });
    expect(failures).toEqual([]);
    expect(rows.some(({ what }) => what.startsWith('answered: frames'))).toBe(true);
  },
);
