import { once } from 'node:events';
import { read } from 'node:fs';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';

const readAt = promisify(read);
const PIECE_BYTES = 256 * 1024;

/** A file that is written by somebody else while it is read here. */
export class GrowingMedium {
  readonly descriptor: number;
  #bytes = 0;
  #complete = false;
  readonly #waiting = new Set<() => void>();

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** How much of it is there. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when nothing comes after it. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The writer tells how far it is. */
  grow(bytes: number, complete: boolean): void {
    this.#bytes = Math.max(this.#bytes, bytes);
    this.#complete ||= complete;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Waits until there are more than `bytes`, or the medium is complete. */
  async beyond(bytes: number, signal: AbortSignal): Promise<void> {
    while (this.#bytes <= bytes && !this.#complete) await this.#change(signal);
  }

  async whole(signal: AbortSignal): Promise<void> {
    while (!this.#complete) await this.#change(signal);
  }

  /** What is there of its first bytes. */
  async head(limit: number): Promise<Uint8Array> {
    const head = Buffer.alloc(Math.min(limit, this.#bytes));
    const { bytesRead } = await readAt(this.descriptor, head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  }

  /** Writes it from its beginning into a pipe, as it grows and as fast as the pipe takes it. */
  async feed(into: Writable, signal: AbortSignal): Promise<void> {
    let at = 0;
    const gone = new AbortController();
    into.once('close', () => gone.abort());
    const either = AbortSignal.any([signal, gone.signal]);
    while (!into.destroyed) {
      await this.beyond(at, either);
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#bytes - at));
      if (piece.length === 0) break;
      const { bytesRead } = await readAt(this.descriptor, piece, 0, piece.length, at);
      at += bytesRead;
      if (!into.write(piece.subarray(0, bytesRead))) await once(into, 'drain', { signal: either });
    }
    into.end();
  }

  async #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const wake = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
