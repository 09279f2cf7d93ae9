/** One hashed frame of a video. */
export interface VpdqFrame {
  /** Number of the frame in the order of decoding, from 0; its place in the signal where the source gives none. */
  readonly frame: number;
  readonly seconds: number;
  /** PDQ quality, 0 to 100; below 50 a frame says nothing. */
  readonly quality: number;
  /** 32 bytes, as the hexadecimal form reads. */
  readonly pdq: Uint8Array;
}

/** Bytes of one frame as a signal: its PDQ hash and its time. */
export const VPDQ_BYTES = 36;
export const PDQ_BYTES = 32;

/** Most frames that one video may have: ten hours at one a second. */
export const MAX_VPDQ_FRAMES = 36_000;

/** The latest time that a frame may have, about 49 days: milliseconds in 32 bits. */
export const MAX_VPDQ_SECONDS = 0xffffffff / 1000;

/** Writes a frame as the value of a `vpdq` signal: 32 bytes of PDQ, then its time in milliseconds, u32 little-endian. */
export function writeVpdqValue({ pdq, seconds }: Pick<VpdqFrame, 'pdq' | 'seconds'>, target: Uint8Array): void {
  target.set(pdq);
  const time = Math.round(seconds * 1000);
  target[32] = time;
  target[33] = time >>> 8;
  target[34] = time >>> 16;
  target[35] = time >>> 24;
}

/** The PDQ hash in the value of a `vpdq` signal; a view, not a copy. */
export function vpdqHash(value: Uint8Array): Uint8Array {
  return value.subarray(0, PDQ_BYTES);
}

/** The time in the value of a `vpdq` signal. */
export function vpdqSeconds(value: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = value.subarray(PDQ_BYTES);
  return (a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24) / 1000;
}
