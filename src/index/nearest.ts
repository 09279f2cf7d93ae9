/** Counts everything that is offered and keeps the nearest `limit`. Memory grows with the limit, not with the offers. */
export class Nearest {
  /** How many were offered. */
  total = 0;
  readonly #limit: number;
  #count = 0;
  /** What is this far away or farther cannot be among the nearest any more. */
  #cut = Number.POSITIVE_INFINITY;
  #segments: number[] = [];
  #rows: number[] = [];
  #distances: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
    if (limit === 0) this.#cut = 0;
  }

  offer(segment: number, row: number, distance: number): void {
    this.total++;
    if (distance >= this.#cut) return;
    this.#segments[this.#count] = segment;
    this.#rows[this.#count] = row;
    this.#distances[this.#count++] = distance;
    if (this.#count >= 2 * this.#limit + 64) this.#shrink();
  }

  /** The nearest, by distance, then by segment and row. */
  *sorted(): Generator<{ segment: number; row: number; distance: number }> {
    this.#shrink();
    for (let i = 0; i < this.#count; i++) {
      yield { segment: this.#segments[i]!, row: this.#rows[i]!, distance: this.#distances[i]! };
    }
  }

  #shrink(): void {
    const order = Array.from({ length: this.#count }, (_, i) => i).sort(
      (a, b) =>
        this.#distances[a]! - this.#distances[b]! ||
        this.#segments[a]! - this.#segments[b]! ||
        this.#rows[a]! - this.#rows[b]!,
    );
    const kept = order.slice(0, this.#limit);
    this.#segments = kept.map((i) => this.#segments[i]!);
    this.#rows = kept.map((i) => this.#rows[i]!);
    this.#distances = kept.map((i) => this.#distances[i]!);
    this.#count = kept.length;
    if (this.#count === this.#limit) this.#cut = this.#distances[this.#count - 1] ?? 0;
  }
}
