/** Indices of the palette, a byte each, the file's first row first; and whether the file said that this was all. */
export interface BmpRuns {
  readonly indices: Uint8Array;
  readonly whole: boolean;
}

/**
 * Unpacks the runs of a BMP of 8 or 4 bits (BI_RLE8, BI_RLE4). Runs are cut at the end of a row; pixels that are
 * skipped keep index 0.
 */
export function unpackRuns(bytes: Uint8Array, bits: 4 | 8, width: number, height: number): BmpRuns {
  const indices = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, 0];
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  while (at + 2 <= bytes.length && y < height) {
    const [count, value] = [bytes[at] as number, bytes[at + 1] as number];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return { indices, whole: true };
    } else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + (bits === 8 ? i : i >> 1)] ?? 0;
        put(bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      // Literal pixels fill whole words.
      const length = bits === 8 ? value : (value + 1) >> 1;
      at += length + (length & 1);
    }
  }
  return { indices, whole: y >= height || (y === height - 1 && x >= width) };
}
