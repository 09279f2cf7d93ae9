import { randomBytes, seeded } from '../../../index/testing/random.js';

/** A video as a walk among hashes: what a frame at any time looks like. */
export interface MadeVideo {
  readonly seconds: number;
  at(seconds: number): MadeFrame;
}

export interface MadeFrame {
  readonly hash: Uint8Array;
  readonly quality: number;
}

export interface Walk {
  readonly seed: number;
  readonly seconds: number;
  /** Bits that change in a second within a scene. */
  readonly movement?: number;
  /** Mean length of a scene. */
  readonly scene?: number;
}

const STEPS = 20;

/** Scenes in which the picture moves: of 256 bits some change in each twentieth of a second. */
export function walk({ seed, seconds, movement = 8, scene = 4 }: Walk): MadeVideo {
  const random = seeded(seed);
  const frames: Uint8Array[] = [];
  let hash = randomBytes(random, 32);
  let owed = 0;
  for (let i = 0; i <= seconds * STEPS; i++) {
    if (i > 0 && random() < 1 / (scene * STEPS)) hash = randomBytes(random, 32);
    owed += movement / STEPS;
    for (; owed >= 1; owed--) hash = flipped(hash, Math.floor(random() * 256));
    frames.push(hash);
  }
  return {
    seconds,
    at: (time) => ({ hash: frames[Math.min(frames.length - 1, Math.max(0, Math.round(time * STEPS)))]!, quality: 90 }),
  };
}

/** One picture that stays. */
export function still(seed: number, seconds: number, quality = 90): MadeVideo {
  const hash = randomBytes(seeded(seed), 32);
  return { seconds, at: () => ({ hash, quality }) };
}

/** A part, from one second to another. */
export function part(video: MadeVideo, from: number, to: number): MadeVideo {
  return { seconds: to - from, at: (time) => video.at(from + time) };
}

/** One after the other. */
export function joined(...videos: readonly MadeVideo[]): MadeVideo {
  const seconds = videos.reduce((sum, video) => sum + video.seconds, 0);
  return {
    seconds,
    at(time) {
      let rest = time;
      for (const video of videos) {
        if (rest < video.seconds) return video.at(rest);
        rest -= video.seconds;
      }
      return videos.at(-1)!.at(videos.at(-1)!.seconds);
    },
  };
}

/** Shown faster: 1.25 shows five seconds in four. */
export function faster(video: MadeVideo, speed: number): MadeVideo {
  return { seconds: video.seconds / speed, at: (time) => video.at(time * speed) };
}

/** Encoded again: up to `bits` bits of each frame change. */
export function noisy(video: MadeVideo, bits: number, seed: number): MadeVideo {
  return {
    seconds: video.seconds,
    at(time) {
      const { hash, quality } = video.at(time);
      const random = seeded(seed + Math.round(time * 1000));
      let changed = hash;
      for (let i = Math.floor(random() * (bits + 1)); i > 0; i--)
        changed = flipped(changed, Math.floor(random() * 256));
      return { hash: changed, quality };
    },
  };
}

/** Changed frame by frame. */
export function changed(video: MadeVideo, change: (hash: Uint8Array) => Uint8Array): MadeVideo {
  return {
    seconds: video.seconds,
    at(time) {
      const { hash, quality } = video.at(time);
      return { hash: change(hash), quality };
    },
  };
}

export function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = hash.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
