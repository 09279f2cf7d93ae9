/** Side of a PDQ fingerprint when it is drawn: 16 × 16 bits. */
export const SIDE = 16;

/** The 256 bits of a PDQ hash in hexadecimal, most significant first; undefined when it is none. */
export function bitsOf(hex: string): readonly boolean[] | undefined {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return undefined;
  return [...hex].flatMap((digit) => {
    const value = Number.parseInt(digit, 16);
    return [8, 4, 2, 1].map((bit) => (value & bit) !== 0);
  });
}

/** Path data of unit squares, one for each bit that is set; row after row. Runs in a row are one rectangle. */
export function squares(bits: readonly boolean[]): string {
  let path = '';
  for (let row = 0; row < SIDE; row++) {
    for (let x = 0; x < SIDE; ) {
      let end = x;
      while (end < SIDE && bits[row * SIDE + end]) end++;
      if (end > x) path += `M${x} ${row}h${end - x}v1H${x}z`;
      x = end + 1;
    }
  }
  return path;
}

export const differing = (a: readonly boolean[], b: readonly boolean[]): readonly boolean[] =>
  a.map((bit, i) => bit !== b[i]);
