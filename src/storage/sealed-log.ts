/**
 * An append-only sealed file. Records that are appended at the same time share one frame and one fsync. What a crash
 * left half written at the end is cut when the file is opened; damage before the end is an error.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VigieError } from '../errors.js';
import { fileError, syncDirectory, writeFully } from './durable-file.js';
import type { Keyring } from './keyring.js';
import { HEADER_BYTES, newHeader, readHeader, type SealedHeader, TAG_BYTES } from './sealed-header.js';

// frame: marker 4 | length of the content 4 | number of the frame 8 | nonce 12 | ciphertext | tag 16
export const MARKER = Buffer.from('VGFR');
export const FRAME_HEAD_BYTES = 28;
const GROUP_BYTES = 1024 * 1024;
/** The most that the content of a frame may say that it has. */
export const LARGEST_FRAME = GROUP_BYTES + 4;
/** The largest record. */
export const MAX_RECORD_BYTES = GROUP_BYTES;

interface Waiting {
  readonly record: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Frame {
  readonly content: Buffer;
  readonly end: number;
}

export class SealedLog {
  readonly #file: FileHandle;
  readonly #header: SealedHeader;
  /** Bytes that were cut from the end when the file was opened: what a crash had left half written. */
  readonly cut: number;
  #end: number;
  #frames: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #failure: unknown;
  #closed = false;

  private constructor(file: FileHandle, header: SealedHeader, frames: number, end: number, cut: number) {
    this.#file = file;
    this.#header = header;
    this.#frames = frames;
    this.#end = end;
    this.cut = cut;
  }

  /**
   * Opens a log, or makes a new one. All of it is read once.
   * @throws VigieError `seal-key-wrong`, `seal-damaged`, `disk-full`
   */
  static async open(path: string, keyring: Keyring, purpose: string): Promise<SealedLog> {
    const file = await openOrCreate(path);
    try {
      const { size } = await file.stat();
      const head = Buffer.alloc(HEADER_BYTES);
      await file.read(head, 0, HEADER_BYTES, 0);
      if (size < HEADER_BYTES || (size === HEADER_BYTES && head.every((byte) => byte === 0))) {
        const header = newHeader('log', keyring, purpose, 0);
        await file.truncate(0);
        await writeFully(file, header.bytes, 0);
        await file.sync();
        await syncDirectory(dirname(path));
        return new SealedLog(file, header, 0, HEADER_BYTES, size);
      }
      const header = readHeader(head, 'log', keyring, purpose);
      let end = HEADER_BYTES;
      let frames = 0;
      for (
        let next = await readFrame(file, header, frames, end);
        next;
        next = await readFrame(file, header, frames, end)
      ) {
        end = next.end;
        frames++;
      }
      if (end < size) {
        await refuseIfMoreFollows(file, header, frames, end, size);
        await file.truncate(end);
        await file.sync();
      }
      return new SealedLog(file, header, frames, end, size - end);
    } catch (thrown) {
      await file.close();
      throw fileError(thrown);
    }
  }

  /** Bytes on the disk. */
  get size(): number {
    return this.#end;
  }

  /**
   * Appends a record; when this resolves it is on the disk.
   * @throws VigieError `disk-full`: nothing was appended, and the log can be used again when there is space
   */
  append(record: Uint8Array): Promise<void> {
    if (record.byteLength > MAX_RECORD_BYTES) throw new RangeError('the record is too large');
    if (this.#closed) throw new VigieError('shutting-down');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record: Uint8Array.from(record), resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** All records, oldest first, as of the call. */
  async *records(): AsyncIterableIterator<Uint8Array> {
    const frames = this.#frames;
    let at = HEADER_BYTES;
    for (let number = 0; number < frames; number++) {
      const frame = await readFrame(this.#file, this.#header, number, at);
      if (frame === undefined) throw new VigieError('seal-damaged', { detail: `frame ${number}` });
      at = frame.end;
      for (let from = 0; from < frame.content.byteLength; ) {
        const length = frame.content.readUInt32LE(from);
        yield new Uint8Array(frame.content.subarray(from + 4, from + 4 + length));
        from += 4 + length;
      }
    }
  }

  /** Waits for what was appended. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    // A turn of the event loop, so that those who append now share the frame.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (thrown) {
        for (const { reject } of group) reject(fileError(thrown));
      }
    }
    this.#flushing = undefined;
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    const beyond = this.#waiting.findIndex(({ record }) => {
      bytes += record.byteLength + 4;
      return bytes > GROUP_BYTES + 4;
    });
    return this.#waiting.splice(0, beyond === -1 ? this.#waiting.length : beyond);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const parts = group.flatMap(({ record }) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(record.byteLength);
      return [length, record];
    });
    const frame = sealFrame(this.#header, this.#frames, Buffer.concat(parts));
    try {
      await writeFully(this.#file, frame, this.#end);
      await this.#file.datasync();
    } catch (thrown) {
      // A frame that stays half written would hide those after it.
      await this.#file.truncate(this.#end).catch((failure: unknown) => {
        this.#failure = failure;
      });
      throw thrown;
    }
    this.#end += frame.byteLength;
    this.#frames++;
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ENOENT') throw fileError(thrown);
  }
  try {
    return await open(path, 'wx+', 0o600);
  } catch (thrown) {
    throw fileError(thrown);
  }
}

/** The nonce is random and not the frame's number: after a torn frame was cut, its number is given again. */
function sealFrame(header: SealedHeader, number: number, content: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  MARKER.copy(head);
  head.writeUInt32LE(content.byteLength, 4);
  head.writeBigUInt64LE(BigInt(number), 8);
  randomBytes(12).copy(head, 16);
  const cipher = createCipheriv('aes-256-gcm', header.key, head.subarray(16));
  cipher.setAAD(Buffer.concat([header.bytes, head]));
  return Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** The frame at a place in the file; undefined when no whole, unchanged frame of that number or a later one is there. */
async function readFrame(
  file: FileHandle,
  header: SealedHeader,
  number: number,
  at: number,
  orLater = false,
): Promise<Frame | undefined> {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  if ((await file.read(head, 0, FRAME_HEAD_BYTES, at)).bytesRead < FRAME_HEAD_BYTES) return undefined;
  const length = head.readUInt32LE(4);
  const found = Number(head.readBigUInt64LE(8));
  if (!head.subarray(0, 4).equals(MARKER) || length > LARGEST_FRAME) return undefined;
  if (orLater ? found < number : found !== number) return undefined;
  const sealed = Buffer.allocUnsafe(length + TAG_BYTES);
  const { bytesRead } = await file.read(sealed, 0, sealed.byteLength, at + FRAME_HEAD_BYTES);
  if (bytesRead < sealed.byteLength) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', header.key, head.subarray(16));
  decipher.setAAD(Buffer.concat([header.bytes, head]));
  decipher.setAuthTag(sealed.subarray(length));
  const content = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return { content, end: at + FRAME_HEAD_BYTES + sealed.byteLength };
}

/** A torn end has nothing whole behind it; where a whole frame follows, the file was damaged and must not be cut. */
async function refuseIfMoreFollows(
  file: FileHandle,
  header: SealedHeader,
  number: number,
  from: number,
  size: number,
): Promise<void> {
  const rest = Buffer.allocUnsafe(size - from);
  await file.read(rest, 0, rest.byteLength, from);
  for (let at = rest.indexOf(MARKER); at !== -1; at = rest.indexOf(MARKER, at + 1)) {
    if ((await readFrame(file, header, number, from + at, true)) !== undefined) {
      throw new VigieError('seal-damaged', { detail: `frame ${number}` });
    }
  }
}
