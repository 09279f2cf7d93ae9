import type { Readable } from 'node:stream';

const LINE = /^frame:\d+\s+pts:(-?\d+|NOPTS)\s/;
/** Frames whose times may have come before the frames themselves; a decoder is never that far ahead. */
const MAXIMUM_AHEAD = 100_000;

/** The times of the frames, which the decoder tells aside, in milliseconds, one line for each frame in their order. */
export class FrameTimes {
  readonly #times: (number | undefined)[] = [];
  #taken = 0;
  #rest = '';
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(aside: Readable) {
    aside.setEncoding('latin1');
    aside.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = (lines.pop() ?? '').slice(0, 256);
      for (const line of lines) this.#read(line);
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    aside.on('end', end);
    aside.on('error', end);
    aside.on('close', end);
  }

  /** Seconds of the next frame; undefined when it has no time. */
  async next(): Promise<number | undefined> {
    while (this.#taken >= this.#times.length && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const time = this.#times[this.#taken++];
    if (this.#taken > 1_024) {
      this.#times.splice(0, this.#taken);
      this.#taken = 0;
    }
    return time;
  }

  #read(line: string): void {
    const [, time] = LINE.exec(line) ?? [];
    if (time === undefined || this.#times.length >= MAXIMUM_AHEAD) return;
    this.#times.push(time === 'NOPTS' ? undefined : Number(time) / 1_000);
  }
}
