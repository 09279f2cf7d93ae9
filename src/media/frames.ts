import type { Duplex } from 'node:stream';

/**
 * Messages between the service and a decoder process: eight bytes of lengths, a JSON head, and raw bytes behind it.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | length of the head, little-endian |
 * | 4 | length of the payload, little-endian |
 */
const PREFIX_BYTES = 8;
const MAXIMUM_HEAD_BYTES = 1 << 20;

/** @param onWritten called when nothing of the message is held here any more */
export function writeMessage(stream: Duplex, head: unknown, payload: Uint8Array, onWritten?: () => void): void {
  const text = Buffer.from(JSON.stringify(head));
  const start = Buffer.allocUnsafe(PREFIX_BYTES + text.length);
  start.writeUInt32LE(text.length, 0);
  start.writeUInt32LE(payload.length, 4);
  text.copy(start, PREFIX_BYTES);
  stream.cork();
  stream.write(start);
  stream.write(payload, () => onWritten?.());
  stream.uncork();
}

/** Puts messages together from the pieces in which they arrive. */
export class MessageReader {
  readonly #onMessage: (head: unknown, payload: Buffer) => void;
  readonly #maximumPayload: number;
  #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixFilled = 0;
  #body: Buffer | undefined;
  #filled = 0;
  #headLength = 0;

  /** @param maximumPayload a peer that announces more is not believed */
  constructor(maximumPayload: number, onMessage: (head: unknown, payload: Buffer) => void) {
    this.#maximumPayload = maximumPayload;
    this.#onMessage = onMessage;
  }

  /** @throws RangeError when the peer does not keep to the format */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length || this.#body?.length === 0) {
      if (this.#body === undefined) {
        at += this.#fillPrefix(chunk, at);
        continue;
      }
      const taken = Math.min(chunk.length - at, this.#body.length - this.#filled);
      chunk.copy(this.#body, this.#filled, at, at + taken);
      at += taken;
      this.#filled += taken;
      if (this.#filled < this.#body.length) return;
      const body = this.#body;
      this.#body = undefined;
      const head: unknown = JSON.parse(body.toString('utf8', 0, this.#headLength));
      this.#onMessage(head, body.subarray(this.#headLength));
    }
  }

  #fillPrefix(chunk: Buffer, at: number): number {
    const taken = Math.min(chunk.length - at, PREFIX_BYTES - this.#prefixFilled);
    chunk.copy(this.#prefix, this.#prefixFilled, at, at + taken);
    this.#prefixFilled += taken;
    if (this.#prefixFilled < PREFIX_BYTES) return taken;
    this.#prefixFilled = 0;
    this.#headLength = this.#prefix.readUInt32LE(0);
    const payload = this.#prefix.readUInt32LE(4);
    if (this.#headLength > MAXIMUM_HEAD_BYTES || payload > this.#maximumPayload) {
      throw new RangeError('a message is longer than any should be');
    }
    this.#body = Buffer.allocUnsafe(this.#headLength + payload);
    this.#filled = 0;
    return taken;
  }
}
