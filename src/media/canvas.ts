/** A part of a canvas. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What an animation is drawn on: RGBA, not premultiplied, empty at first. */
export class Canvas {
  readonly data: Uint8Array;
  readonly #width: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.data = new Uint8Array(width * height * 4);
  }

  /** A copy of a part of it. */
  cut({ left, top, width, height }: Rectangle): Uint8Array {
    const out = new Uint8Array(width * height * 4);
    for (let row = 0; row < height; row++) {
      const from = this.#at(left, top + row);
      out.set(this.data.subarray(from, from + width * 4), row * width * 4);
    }
    return out;
  }

  /** Replaces a part. @param pixels RGBA of the size of the part */
  replace(part: Rectangle, pixels: Uint8Array): void {
    const { left, top, width, height } = part;
    for (let row = 0; row < height; row++) {
      this.data.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), this.#at(left, top + row));
    }
  }

  clear({ left, top, width, height }: Rectangle): void {
    for (let row = 0; row < height; row++) {
      const from = this.#at(left, top + row);
      this.data.fill(0, from, from + width * 4);
    }
  }

  /** Lays pixels over a part: "over" of Porter and Duff. */
  lay({ left, top, width, height }: Rectangle, pixels: Uint8Array): void {
    const { data } = this;
    for (let row = 0, from = 0; row < height; row++) {
      let to = this.#at(left, top + row);
      for (let column = 0; column < width; column++, from += 4, to += 4) {
        const upper = pixels[from + 3] as number;
        if (upper === 0) continue;
        const lower = ((data[to + 3] as number) * (255 - upper)) / 255;
        const alpha = upper + lower;
        for (let c = 0; c < 3; c++) {
          data[to + c] = Math.round(((pixels[from + c] as number) * upper + (data[to + c] as number) * lower) / alpha);
        }
        data[to + 3] = Math.round(alpha);
      }
    }
  }

  #at(x: number, y: number): number {
    return (y * this.#width + x) * 4;
  }
}
