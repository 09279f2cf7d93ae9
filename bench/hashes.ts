/** What hashes look like: independent bits, or those of real pictures. */
export type HashShape = 'random' | 'real-shaped';
export const HASH_SHAPES = ['random', 'real-shaped'] as const;

const BYTES = 32;

/** A fast generator of 32-bit numbers (xorshift32), the same on every run. */
export function numbers(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

export function makeHashes(shape: HashShape, count: number, seed = 1): Uint8Array {
  return shape === 'random' ? randomHashes(count, seed) : realShapedHashes(count, seed);
}

export function randomHashes(count: number, seed = 1): Uint8Array {
  const words = new Uint32Array(count * (BYTES / 4));
  const next = numbers(seed);
  for (let i = 0; i < words.length; i++) words[i] = next();
  return new Uint8Array(words.buffer);
}
