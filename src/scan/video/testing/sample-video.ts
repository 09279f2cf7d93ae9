import type { Entry } from '../../../index/entry.js';
import { hammingDistance } from '../../../signals/pdq/hamming-distance.js';
import type { VideoFrame } from '../video-frame.js';
import type { MadeVideo } from './made-video.js';
import { allTurned } from './turned-hash.js';

/** Times from `phase` on, so many a second. */
export function times(seconds: number, rate: number, phase = 0): number[] {
  const all: number[] = [];
  for (let i = 0; phase + i / rate < seconds; i++) all.push(phase + i / rate);
  return all;
}

/** An entry with a frame at each of the times. */
export function entryOf(id: string, video: MadeVideo, at = times(video.seconds, 1)): Entry {
  return {
    id,
    grade: 'A',
    kind: 'video',
    signals: at.map((seconds) => {
      const { hash, quality } = video.at(seconds);
      const value = new Uint8Array(36);
      value.set(hash);
      new DataView(value.buffer).setUint32(32, Math.round(seconds * 1000), true);
      return { type: 'vpdq', value, quality, active: quality >= 50 };
    }),
  };
}

/** An entry of a picture. */
export function pictureEntry(id: string, hash: Uint8Array): Entry {
  return { id, kind: 'image', signals: [{ type: 'pdq', value: hash, active: true }] };
}

export interface Sampling {
  /** Frames a second that are looked at. */
  readonly rate?: number;
  readonly phase?: number;
  readonly pass?: VideoFrame['pass'];
  /** A frame this near to the last one that was kept is dropped, unless that one is a second old. */
  readonly dropped?: number;
}

/** The frames that a decoder gives of a video: densely sampled, near-equal neighbours dropped, one a second at least. */
export function* framesOf(
  video: MadeVideo,
  { rate = 5, phase = 0, pass = 'whole', dropped = 4 }: Sampling = {},
): Generator<VideoFrame> {
  let last: { readonly hash: Uint8Array; readonly seconds: number } | undefined;
  for (const [i, seconds] of times(video.seconds, rate, phase).entries()) {
    const { hash, quality } = video.at(seconds);
    if (last !== undefined && seconds - last.seconds < 0.999 && hammingDistance(last.hash, hash) <= dropped) continue;
    last = { hash, seconds };
    yield { pass, frame: i, seconds, area: 'full', quality, pdq: allTurned(hash) };
  }
}
