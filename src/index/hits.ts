/** What a search found: numbers of values with their distances. Grows as needed, and is used again from search to search. */
export class Hits {
  count = 0;
  indexes = new Uint32Array(256);
  distances = new Uint32Array(256);

  /** Makes room for `more` further hits. */
  reserve(more: number): void {
    const needed = this.count + more;
    if (needed <= this.indexes.length) return;
    const size = Math.max(needed, 2 * this.indexes.length);
    const indexes = new Uint32Array(size);
    const distances = new Uint32Array(size);
    indexes.set(this.indexes.subarray(0, this.count));
    distances.set(this.distances.subarray(0, this.count));
    this.indexes = indexes;
    this.distances = distances;
  }

  push(index: number, distance: number): void {
    this.reserve(1);
    this.indexes[this.count] = index;
    this.distances[this.count++] = distance;
  }
}
