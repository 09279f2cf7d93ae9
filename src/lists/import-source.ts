import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { VigieError } from '../errors.js';
import { abortable } from '../runtime/abortable.js';

/** Where the bytes of a list come from: a file that can be read again, or a stream that cannot. */
export type ImportInput =
  | { readonly path: string }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly bytes?: number | undefined };

/** What a file is called, without the endings of its format and of gzip. */
export function withoutEnding(path: string): string {
  const file = basename(path);
  const name = file.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '');
  return name === '' ? file : name;
}

const FINGERPRINT_BYTES = 64 * 1024;

/** An input of which the beginning was looked at. */
export interface OpenedInput {
  /** SHA-256 of the first 64 KiB: another file is told at once, and a file that is cut later on only. */
  readonly fingerprint: string;
  readonly bytes: number | undefined;
  /** Set when the input can be read again. */
  readonly path: string | undefined;
  readonly stream: AsyncIterable<Uint8Array>;
  /** Lets the source go, whether or not it was read. */
  close(): void;
}

/** @throws VigieError `file-not-readable`; the signal's reason */
export async function openImportInput(input: ImportInput, signal?: AbortSignal): Promise<OpenedInput> {
  return 'path' in input ? await openPath(input.path) : await openStream(input.stream, input.bytes, signal);
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
      const fingerprint = digest(head.subarray(0, bytesRead));
      return { fingerprint, bytes: size, path, stream: readPath(path), close: () => undefined };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw notReadable(cause);
  }
}

async function openStream(
  stream: AsyncIterable<Uint8Array>,
  bytes: number | undefined,
  signal: AbortSignal | undefined,
): Promise<OpenedInput> {
  const iterator = stream[Symbol.asyncIterator]();
  // Not awaited: a source that hangs would hang here again.
  const close = () => void iterator.return?.().catch(() => undefined);
  const taken: Uint8Array[] = [];
  let size = 0;
  while (size < FINGERPRINT_BYTES) {
    const step = await abortable(iterator.next(), signal);
    if (step.done) break;
    taken.push(step.value);
    size += step.value.length;
  }
  const head = Buffer.concat(taken).subarray(0, FINGERPRINT_BYTES);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* taken.splice(0);
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
  }
  return { fingerprint: digest(head), bytes, path: undefined, stream: all(), close };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function notReadable(cause: unknown): VigieError {
  const code = (cause as { code?: unknown } | null)?.code;
  return new VigieError('file-not-readable', { cause, ...(typeof code === 'string' && { detail: code }) });
}
