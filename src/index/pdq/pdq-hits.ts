/** What a search found: numbers of hashes with their distances. Grows as needed, and is used again from search to search. */
export class PdqHits {
  count = 0;
  indexes = new Uint32Array(256);
  distances = new Uint16Array(256);

  /** Takes over `more` pairs of index and distance. */
  take(pairs: Uint32Array, more: number): void {
    this.#reserve(this.count + more);
    const { indexes, distances } = this;
    let at = this.count;
    for (let i = 0; i < 2 * more; i += 2, at++) {
      indexes[at] = pairs[i]!;
      distances[at] = pairs[i + 1]!;
    }
    this.count = at;
  }

  #reserve(needed: number): void {
    if (needed <= this.indexes.length) return;
    const size = Math.max(needed, 2 * this.indexes.length);
    const indexes = new Uint32Array(size);
    const distances = new Uint16Array(size);
    indexes.set(this.indexes.subarray(0, this.count));
    distances.set(this.distances.subarray(0, this.count));
    this.indexes = indexes;
    this.distances = distances;
  }
}
