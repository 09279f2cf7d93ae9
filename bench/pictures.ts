import sharp from 'sharp';
import { seeded } from '../src/index/testing/random.js';

/**
 * Pixels that compress about like a photograph: soft shapes of several sizes under a fine grain.
 * @returns row-major RGB, 8 bits
 */
export function photographLike(width: number, height: number, seed: number): Uint8Array {
  const random = seeded(seed);
  const blobs = Array.from({ length: 24 }, () => ({
    x: random() * width,
    y: random() * height,
    radius: (0.05 + 0.3 * random()) * Math.min(width, height),
    colour: [random() * 200 - 100, random() * 200 - 100, random() * 200 - 100] as const,
  }));
  // Shapes are summed on a coarse grid and interpolated, so that large pictures are made quickly.
  const step = 8;
  const columns = Math.ceil(width / step) + 2;
  const rows = Math.ceil(height / step) + 2;
  const grid = new Float32Array(columns * rows * 3).fill(128);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (const { x, y, radius, colour } of blobs) {
        const distance = ((column * step - x) ** 2 + (row * step - y) ** 2) / radius ** 2;
        if (distance > 4) continue;
        const weight = Math.exp(-distance);
        for (let c = 0; c < 3; c++) {
          const at = (row * columns + column) * 3 + c;
          grid[at] = (grid[at] ?? 0) + weight * (colour[c] ?? 0);
        }
      }
    }
  }
  const pixels = new Uint8Array(width * height * 3);
  let grain = seed | 1;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / step);
    const fy = (y % step) / step;
    for (let x = 0; x < width; x++) {
      const column = Math.floor(x / step);
      const fx = (x % step) / step;
      grain = Math.imul(grain, 1_664_525) + 1_013_904_223;
      const noise = ((grain >>> 24) - 128) / 10;
      for (let c = 0; c < 3; c++) {
        const at = (row * columns + column) * 3 + c;
        const top = (grid[at] ?? 0) * (1 - fx) + (grid[at + 3] ?? 0) * fx;
        const bottom = (grid[at + columns * 3] ?? 0) * (1 - fx) + (grid[at + columns * 3 + 3] ?? 0) * fx;
        pixels[(y * width + x) * 3 + c] = Math.max(0, Math.min(255, top * (1 - fy) + bottom * fy + noise));
      }
    }
  }
  return pixels;
}

/** A JPEG of about `targetBytes` (by its quality) when given, of quality 85 otherwise. */
export async function photographLikeJpeg(
  width: number,
  height: number,
  seed: number,
  targetBytes?: number,
): Promise<Buffer> {
  const raw = { width, height, channels: 3 as const };
  const encode = (quality: number) =>
    sharp(photographLike(width, height, seed), { raw })
      .jpeg({ quality })
      .toBuffer();
  if (targetBytes === undefined) return await encode(85);
  let best = await encode(85);
  for (let low = 30, high = 98; low <= high; ) {
    const quality = (low + high) >> 1;
    const bytes = await encode(quality);
    if (Math.abs(bytes.length - targetBytes) < Math.abs(best.length - targetBytes)) best = bytes;
    if (bytes.length > targetBytes) high = quality - 1;
    else low = quality + 1;
  }
  return best;
}
