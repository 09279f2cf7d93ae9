/** At least so often a frame is kept, however little changes. */
const AT_LEAST_EVERY_SECONDS = 1;

/**
 * Chooses which of the sampled frames are hashed: those that show something else than the one before, and one in each
 * second of a still scene. A video that gives more frames than expected (its length was not told, or was a lie) is
 * looked at to its end, with its frames further and further apart.
 */
export class Thinning {
  readonly #expected: number;
  #apart: number;
  #kept = 0;
  #last: number | undefined;

  /** @param apart seconds between two samples @param expected frames after which the distance is doubled, and again */
  constructor(apart: number, expected: number) {
    this.#apart = apart;
    this.#expected = expected;
  }

  /** Time of a sample that the container gives none. @param index of the sample */
  guess(index: number): number {
    return Math.max(this.#last ?? 0, index * this.#apart);
  }

  /** @param differs asked only when it matters; then it remembers the frame as one that is kept */
  takes(seconds: number, differs: () => boolean): boolean {
    const since = this.#last === undefined || seconds < this.#last ? Number.POSITIVE_INFINITY : seconds - this.#last;
    if (since < this.#apart * 0.99) return false;
    const changed = differs();
    if (!changed && since < Math.max(AT_LEAST_EVERY_SECONDS, this.#apart) * 0.99) return false;
    this.#last = seconds;
    this.#kept++;
    if (this.#kept >= this.#expected) {
      this.#kept = 0;
      this.#apart *= 2;
    }
    return true;
  }
}
