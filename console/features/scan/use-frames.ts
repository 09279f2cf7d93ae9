import { useEffect, useState } from 'react';
import { type Grabbed, grabFrames } from './frame-grabber.js';

/**
 * Frames of a video on this machine.
 * @param times as JSON, so that equal times are the same; undefined while nothing is wanted
 * @returns undefined until they are there; none when the browser cannot decode it
 */
export function useFrames(bytes: Blob, times: string | undefined, side: number): readonly Grabbed[] | undefined {
  const [frames, setFrames] = useState<readonly Grabbed[]>();
  useEffect(() => {
    setFrames(undefined);
    if (times === undefined) return undefined;
    const left = new AbortController();
    let taken: readonly Grabbed[] = [];
    void grabFrames(bytes, JSON.parse(times) as number[], side, left.signal).then((grabbed) => {
      taken = grabbed;
      if (left.signal.aborted) release(grabbed);
      else setFrames(grabbed);
    });
    return () => {
      left.abort();
      release(taken);
    };
  }, [bytes, times, side]);
  return frames;
}

const release = (frames: readonly Grabbed[]): void => {
  for (const { picture } of frames) picture.close();
};
