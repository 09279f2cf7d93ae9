/**
 * Which rows of a segment match: one bit a row in the segment's memory, so that every thread that searches it sees a
 * withdrawal at once. Only one thread may change it.
 */
export class LiveRows {
  readonly rows: number;
  readonly words: Int32Array;

  constructor(buffer: ArrayBufferLike, at: number, rows: number) {
    this.rows = rows;
    // The first word counts the rows that are not live.
    this.words = new Int32Array(buffer, at, 1 + Math.ceil(rows / 32));
  }

  static bytesFor(rows: number): number {
    return (4 * (1 + Math.ceil(rows / 32)) + 15) & ~15;
  }

  /** Makes every row live. */
  reset(): void {
    this.words.fill(-1);
    this.words[0] = 0;
  }

  get dead(): number {
    return Atomics.load(this.words, 0);
  }

  has(row: number): boolean {
    return (this.words[1 + (row >>> 5)]! & (1 << (row & 31))) !== 0;
  }

  set(row: number, live: boolean): void {
    if (row < 0 || row >= this.rows || this.has(row) === live) return;
    const word = 1 + (row >>> 5);
    if (live) {
      Atomics.or(this.words, word, 1 << (row & 31));
      Atomics.sub(this.words, 0, 1);
    } else {
      Atomics.and(this.words, word, ~(1 << (row & 31)));
      Atomics.add(this.words, 0, 1);
    }
  }
}
