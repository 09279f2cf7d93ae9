import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { DIFFERENT_BITS } from './rule.js';

/** Counts frames that differ from each other, up to a few: the first ones that do are what the others are compared with. */
export class DifferentFrames {
  readonly #upTo: number;
  readonly #seen: Uint8Array[] = [];

  constructor(upTo: number) {
    this.#upTo = upTo;
  }

  get count(): number {
    return this.#seen.length;
  }

  get enough(): boolean {
    return this.#seen.length >= this.#upTo;
  }

  add(hash: Uint8Array): void {
    if (this.enough) return;
    if (this.#seen.every((other) => hammingDistance(other, hash) > DIFFERENT_BITS)) this.#seen.push(hash);
  }
}
