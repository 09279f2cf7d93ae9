/** A part of a file in memory, read in the order of the network. Reading beyond it gives 0, which nothing takes for an answer. */
export class BytesOf {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  part(from: number, to: number): BytesOf {
    return new BytesOf(this.bytes.subarray(from, to));
  }

  text(from: number, to: number): string {
    return Buffer.from(this.bytes.subarray(from, to)).toString('latin1');
  }

  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }

  u16(at: number): number {
    return at + 2 <= this.length ? this.#view.getUint16(at) : 0;
  }

  u32(at: number): number {
    return at + 4 <= this.length ? this.#view.getUint32(at) : 0;
  }

  i32(at: number): number {
    return at + 4 <= this.length ? this.#view.getInt32(at) : 0;
  }

  /** What is too large to be exact is not a number. */
  u64(at: number): number {
    const value = at + 8 <= this.length ? Number(this.#view.getBigUint64(at)) : 0;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }

  float(at: number, size: number): number {
    if (at + size > this.length) return Number.NaN;
    return size === 4 ? this.#view.getFloat32(at) : size === 8 ? this.#view.getFloat64(at) : Number.NaN;
  }
}
