import type { Picture } from '../picture.js';

/** Pixels of a picture that are compared, along each side. */
const GRID = 48;
/** Mean difference, of 255, up to which two frames are taken for the same: below what re-encoding does to a still scene. */
const SAME = 1;

/** Tells whether a frame shows what the last one that was kept shows, from a grid of its pixels. */
export class NearEqual {
  #kept: Uint8Array | undefined;

  /** @returns false when the frame is taken for the one that was kept; else it is the one that is kept from now on */
  differs({ data, width, height, channels }: Picture): boolean {
    const grid = new Uint8Array(GRID * GRID);
    for (let y = 0; y < GRID; y++) {
      const row = Math.floor(((y + 0.5) * height) / GRID) * width;
      for (let x = 0; x < GRID; x++) {
        grid[y * GRID + x] = data[(row + Math.floor(((x + 0.5) * width) / GRID)) * channels] as number;
      }
    }
    const before = this.#kept;
    if (before !== undefined && difference(before, grid) <= SAME) return false;
    this.#kept = grid;
    return true;
  }
}

function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}
