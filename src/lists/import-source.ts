import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { VigieError } from '../errors.js';

/** Where the bytes of a list come from: a file that can be read again, or a stream that cannot. */
export type ImportInput =
  | { readonly path: string }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly bytes?: number | undefined };

const FINGERPRINT_BYTES = 64 * 1024;

/** An input of which the beginning was looked at. */
export interface OpenedInput {
  /** SHA-256 of the first 64 KiB: another file is told at once, and a file that is cut later on only. */
  readonly fingerprint: string;
  readonly bytes: number | undefined;
  /** Set when the input can be read again. */
  readonly path: string | undefined;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** @throws VigieError `file-not-readable` */
export async function openImportInput(input: ImportInput): Promise<OpenedInput> {
  return 'path' in input ? await openPath(input.path) : await openStream(input.stream, input.bytes);
}

/** Reads a file. @throws VigieError `file-not-readable` while it is read */
export async function* readPath(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 });
  } catch (cause) {
    throw notReadable(cause);
  }
}

async function openPath(path: string): Promise<OpenedInput> {
  try {
    const { size } = await stat(path);
    const file = await open(path);
    try {
      const head = Buffer.alloc(FINGERPRINT_BYTES);
      const { bytesRead } = await file.read(head, 0, FINGERPRINT_BYTES, 0);
      return { fingerprint: digest(head.subarray(0, bytesRead)), bytes: size, path, stream: readPath(path) };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw notReadable(cause);
  }
}

async function openStream(stream: AsyncIterable<Uint8Array>, bytes: number | undefined): Promise<OpenedInput> {
  const iterator = stream[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let size = 0;
  while (size < FINGERPRINT_BYTES) {
    const step = await iterator.next();
    if (step.done) break;
    taken.push(step.value);
    size += step.value.length;
  }
  const head = Buffer.concat(taken).subarray(0, FINGERPRINT_BYTES);
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* taken.splice(0);
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { fingerprint: digest(head), bytes, path: undefined, stream: all() };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function notReadable(cause: unknown): VigieError {
  const code = (cause as { code?: unknown } | null)?.code;
  return new VigieError('file-not-readable', { cause, ...(typeof code === 'string' && { detail: code }) });
}
