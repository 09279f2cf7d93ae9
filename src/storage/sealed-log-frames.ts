import { createDecipheriv } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { VigieError } from '../errors.js';
import { fileError } from './durable-file.js';
import type { Keyring } from './keyring.js';
import { HEADER_BYTES, readHeader, type SealedHeader, TAG_BYTES } from './sealed-header.js';
import { FRAME_HEAD_BYTES, LARGEST_FRAME, MARKER } from './sealed-log.js';

const WINDOW_BYTES = 4 * 2 ** 20;

/**
 * Reads a sealed log from its beginning to its end, frame by frame, for a thread that has nothing else to do: reads
 * block. Nothing is changed, so the log may be appended to meanwhile. Damage ends nothing: the next whole frame is looked
 * for, and `damaged` counts how often that was needed.
 */
export class SealedLogFrames implements Disposable {
  readonly #file: number;
  readonly #header: SealedHeader;
  readonly #aad: Buffer;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  /** Place in the file of the window's first byte, bytes in it, and where reading goes on in it. */
  #base = 0;
  #filled = 0;
  #at = 0;
  #number = 0;
  /** How often something lay there that was changed since it was written. */
  damaged = 0;
  /** Whether what was no frame can neither be half a one nor be empty. */
  #changed = false;

  private constructor(file: number, header: SealedHeader) {
    this.#file = file;
    this.#header = header;
    this.#aad = Buffer.concat([header.bytes, Buffer.alloc(FRAME_HEAD_BYTES)]);
    this.#base = HEADER_BYTES;
  }

  /**
   * @returns undefined for a file that has nothing yet
   * @throws VigieError `seal-damaged`, `seal-key-wrong`; `blob-not-found` when it is gone
   */
  static open(path: string, keyring: Keyring, purpose: string): SealedLogFrames | undefined {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code === 'ENOENT') throw new VigieError('blob-not-found');
      throw fileError(thrown);
    }
    try {
      const head = Buffer.alloc(HEADER_BYTES);
      const read = readSync(file, head, 0, HEADER_BYTES, 0);
      if (read < HEADER_BYTES || head.every((byte) => byte === 0)) {
        closeSync(file);
        return undefined;
      }
      return new SealedLogFrames(file, readHeader(head, 'log', keyring, purpose));
    } catch (thrown) {
      closeSync(file);
      throw fileError(thrown);
    }
  }

  /** The content of the next whole frame: records one after another, each behind its length (u32). */
  next(): Buffer | undefined {
    const first = this.#read(false);
    if (first !== undefined) return first;
    // What a crash left half written is shorter than it says, or was never filled; anything else was changed.
    const changed = this.#changed;
    while (this.#seekMarker()) {
      const content = this.#read(true);
      if (content === undefined) continue;
      this.damaged++;
      return content;
    }
    if (changed) this.damaged++;
    return undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  /** @param later whether a frame of a later number will do */
  #read(later: boolean): Buffer | undefined {
    this.#changed = false;
    if (!this.#have(FRAME_HEAD_BYTES)) return undefined;
    const window = this.#window;
    const at = this.#at;
    const length = window.readUInt32LE(at + 4);
    this.#changed = window.readUInt32LE(at) !== 0;
    if (window.compare(MARKER, 0, 4, at, at + 4) !== 0 || length > LARGEST_FRAME) return undefined;
    const number = window.readUInt32LE(at + 8) + window.readUInt32LE(at + 12) * 2 ** 32;
    if (later ? number < this.#number : number !== this.#number) return undefined;
    if (!this.#have(FRAME_HEAD_BYTES + length + TAG_BYTES)) {
      this.#changed = false;
      return undefined;
    }
    const from = this.#at;
    window.copy(this.#aad, HEADER_BYTES, from, from + FRAME_HEAD_BYTES);
    const body = from + FRAME_HEAD_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#header.key, window.subarray(from + 16, body));
    decipher.setAAD(this.#aad);
    decipher.setAuthTag(window.subarray(body + length, body + length + TAG_BYTES));
    const content = decipher.update(window.subarray(body, body + length));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.#at = body + length + TAG_BYTES;
    this.#number = number + 1;
    return content;
  }

  /** Goes one further and to the next marker from there. */
  #seekMarker(): boolean {
    this.#at++;
    for (;;) {
      const found = this.#window.subarray(0, this.#filled).indexOf(MARKER, this.#at);
      if (found !== -1) {
        this.#at = found;
        return true;
      }
      this.#at = Math.max(this.#at, this.#filled - MARKER.length + 1);
      if (!this.#have(MARKER.length)) return false;
    }
  }

  /** Sees to it that so many bytes lie in the window from where reading goes on. */
  #have(bytes: number): boolean {
    if (this.#filled - this.#at >= bytes) return true;
    this.#window.copy(this.#window, 0, this.#at, this.#filled);
    this.#base += this.#at;
    this.#filled = Math.max(0, this.#filled - this.#at);
    this.#at = 0;
    while (this.#filled < bytes) {
      const place = this.#base + this.#filled;
      const read = readSync(this.#file, this.#window, this.#filled, WINDOW_BYTES - this.#filled, place);
      if (read === 0) return false;
      this.#filled += read;
    }
    return true;
  }
}
