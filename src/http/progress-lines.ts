import type { ScanRequest } from '../scan/scanner.js';
import type { JsonLines } from './json-lines.js';

/** Often enough for somebody who watches. */
const EVERY_MS = 400;

/** Tells how far a video was looked at, a few times a second at the most. */
export class ProgressLines {
  readonly #lines: JsonLines;
  #next = 0;

  constructor(lines: JsonLines) {
    this.#lines = lines;
  }

  readonly told: NonNullable<ScanRequest['onProgress']> = (seconds, { pass, length }) => {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.#lines.write({ progress: { pass, seconds, length } });
  };
}
