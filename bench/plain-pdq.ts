const { fround } = Math;
const SIDE = 64;
const FREQUENCIES = 16;

/** PDQ in the reference's way of working, in plain TypeScript: every pixel is blurred twice in both directions. */
export class PlainPdq {
  readonly #a: Float32Array;
  readonly #b: Float32Array;
  readonly #d = new Float32Array(FREQUENCIES * SIDE);
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#a = new Float32Array(width * height);
    this.#b = new Float32Array(width * height);
    const scale = fround(Math.sqrt(2 / SIDE));
    for (let i = 0; i < FREQUENCIES; i++) {
      for (let j = 0; j < SIDE; j++) {
        this.#d[i * SIDE + j] = scale * Math.cos((Math.PI / 128) * (i + 1) * (2 * j + 1));
      }
    }
  }

  /** @returns 32 bytes, as the hexadecimal form reads */
  hash(rgb: Uint8Array): Uint8Array {
    const [a, b, width, height] = [this.#a, this.#b, this.#width, this.#height];
    const [red, green, blue] = [fround(0.299), fround(0.587), fround(0.114)];
    for (let i = 0, at = 0; i < a.length; i++, at += 3) {
      const sum = fround(fround(red * (rgb[at] as number)) + fround(green * (rgb[at + 1] as number)));
      a[i] = fround(sum + fround(blue * (rgb[at + 2] as number)));
    }
    for (let pass = 0; pass < 2; pass++) {
      for (let y = 0; y < height; y++) boxLine(a, b, y * width, 1, width);
      for (let x = 0; x < width; x++) boxLine(b, a, x, width, height);
    }
    const block = new Float32Array(SIDE * SIDE);
    for (let i = 0; i < SIDE; i++) {
      const row = Math.floor(((i + 0.5) * height) / SIDE) * width;
      for (let j = 0; j < SIDE; j++) {
        block[i * SIDE + j] = a[row + Math.floor(((j + 0.5) * width) / SIDE)] as number;
      }
    }
    return this.#bits(block);
  }

  #bits(block: Float32Array): Uint8Array {
    const d = this.#d;
    const half = new Float32Array(FREQUENCIES * SIDE);
    const coefficients = new Float32Array(FREQUENCIES * FREQUENCIES);
    for (let i = 0; i < FREQUENCIES; i++) {
      for (let j = 0; j < SIDE; j++) {
        let sum = 0;
        for (let k = 0; k < SIDE; k++) {
          sum = fround(sum + fround((d[i * SIDE + k] as number) * (block[k * SIDE + j] as number)));
        }
        half[i * SIDE + j] = sum;
      }
    }
    for (let i = 0; i < FREQUENCIES; i++) {
      for (let j = 0; j < FREQUENCIES; j++) {
        let sum = 0;
        for (let k = 0; k < SIDE; k++) {
          sum = fround(sum + fround((half[i * SIDE + k] as number) * (d[j * SIDE + k] as number)));
        }
        coefficients[i * FREQUENCIES + j] = sum;
      }
    }
    const median = coefficients.slice().sort()[127] as number;
    const out = new Uint8Array(32);
    for (const [k, value] of coefficients.entries()) {
      if (value > median) out[31 - (k >> 3)] = (out[31 - (k >> 3)] as number) | (1 << (k & 7));
    }
    return out;
  }
}

function boxLine(from: Float32Array, to: Float32Array, start: number, stride: number, length: number): void {
  const window = Math.ceil(length / 128);
  const half = (window + 2) >> 1;
  let [right, left, at, count, sum] = [start, start, start, 0, 0];
  const enter = () => {
    sum = fround(sum + (from[right] as number));
    right += stride;
  };
  const leave = () => {
    sum = fround(sum - (from[left] as number));
    left += stride;
  };
  const write = () => {
    to[at] = sum / count;
    at += stride;
  };
  for (let i = 0; i < half - 1; i++) {
    enter();
    count++;
  }
  for (let i = 0; i < window - half + 1; i++) {
    enter();
    count++;
    write();
  }
  for (let i = 0; i < length - window; i++) {
    enter();
    leave();
    write();
  }
  for (let i = 0; i < half - 1; i++) {
    leave();
    count--;
    write();
  }
}
