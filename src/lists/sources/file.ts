import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { readPath } from '../import-source.js';
import { asBefore, digestOf, FILE_FIELDS, type FileReading, factsOf, readingId, unpacked } from './list-file.js';
import type { Snapshot, SnapshotSource, SourceFacts, SourceHouse, SourceKind } from './source.js';

/** The path of a file on this machine. */
export const filePath = z
  .string()
  .min(1)
  .max(4_096)
  .refine(isAbsolute, 'an absolute path')
  .describe('The absolute path of the file; every node that may sync it must see it.');

export const settleSeconds = z
  .number()
  .min(0)
  .max(600)
  .default(10)
  .describe('A file that has changed is taken in once it stood still for so long.');

const settings = z.object({ path: filePath, settleSeconds, ...FILE_FIELDS }).strict();

export const file: SourceKind<z.output<typeof settings>, undefined> = {
  kind: 'file',
  title: 'A file on this machine',
  description:
    'A whole list as a file that something else writes; what is not in it any more is no longer on the list.',
  settings,
  credentials: undefined,
  everySeconds: 30,
  staleSeconds: undefined,
  open: ({ path, settleSeconds: settle, ...reading }, _, house) => new WatchedFile(path, settle, reading, house),
};

const stampShape = z.object({ size: z.number(), mtimeMs: z.number(), ino: z.number() });
type Stamp = z.output<typeof stampShape>;

const checkpointShape = z.object({ reading: z.string(), digest: z.string(), stamp: stampShape, at: z.number() });

/** Clocks of file systems stand still for as long: a change that follows another one may leave the same time. */
const COARSE_MS = 2_000;

/** Files that were touched and did not change, so that each is read once for it and not at every look. */
const seen = new Map<string, { readonly digest: string; readonly stamp: Stamp }>();
const SEEN_LIMIT = 1_000;

/**
 * A list that something else writes into a file. It is looked at again and again rather than watched by the system, which
 * says nothing of files on other machines. A change is a change of the content: it is read once to see whether there is
 * one, and once more to take it in, and both must be the same.
 */
export class WatchedFile implements SnapshotSource {
  readonly shape = 'snapshot';
  readonly #path: string;
  readonly #settleMs: number;
  readonly #reading: FileReading;
  readonly #house: SourceHouse;
  readonly #id: string;

  constructor(path: string, settle: number, reading: FileReading, house: SourceHouse) {
    this.#path = path;
    this.#settleMs = settle * 1_000;
    this.#reading = reading;
    this.#house = house;
    this.#id = readingId(path, reading);
  }

  async test(): Promise<SourceFacts> {
    const { size, mtimeMs } = await this.#stamp();
    const facts = await factsOf(this.#content(), this.#reading);
    return { ...facts, bytes: String(size), 'last modified': new Date(mtimeMs).toISOString() };
  }

  async fetch<T>(
    checkpoint: unknown,
    signal: AbortSignal,
    use: (snapshot: Snapshot) => Promise<T>,
  ): Promise<T | undefined> {
    const parsed = checkpointShape.safeParse(checkpoint);
    const before = parsed.success && parsed.data.reading === this.#id ? parsed.data : undefined;
    const now = await this.#stamp();
    // A time that was fresh when it was noted may hide a second change.
    const trusted = before !== undefined && before.stamp.mtimeMs < before.at - COARSE_MS;
    if (trusted && same(before.stamp, now)) return undefined;
    const known = seen.get(this.#id);
    if (before !== undefined && known?.digest === before.digest && same(known.stamp, now)) return undefined;
    const at = this.#house.now();
    await this.#standsStill(now, signal);
    const digest = await digestOf(this.#content());
    signal.throwIfAborted();
    if (!same(now, await this.#stamp())) throw beingWritten();
    if (digest === before?.digest) {
      if (now.mtimeMs < at - COARSE_MS) remember(this.#id, digest, now);
      return undefined;
    }
    const { maxBytes: _, ...reading } = this.#reading;
    const input = { stream: asBefore(this.#content(), digest) };
    const next = { reading: this.#id, digest, stamp: now, at };
    return await use({ ...reading, input, name: basename(this.#path), checkpoint: next });
  }

  #content(): AsyncIterable<Uint8Array> {
    return unpacked(this.#bytes(), this.#reading);
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* readPath(this.#path);
    } catch (cause) {
      throw new VigieError('source-unreachable', { detail: 'the file cannot be read', cause });
    }
  }

  async #stamp(): Promise<Stamp> {
    const found = await stat(this.#path).catch((cause: unknown) => {
      throw new VigieError('source-unreachable', { detail: 'the file is not there', cause });
    });
    if (!found.isFile()) throw new VigieError('source-refused', { detail: 'it is not a file' });
    // A file that is being made again is empty for a moment; as a list it would say that all was withdrawn.
    if (found.size === 0) throw new VigieError('source-malformed', { detail: 'the file is empty' });
    return { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino };
  }

  /** Waits by our own clock: that of a file server may say something else. @throws VigieError when it is being written */
  async #standsStill(stamp: Stamp, signal: AbortSignal): Promise<void> {
    await sleep(this.#settleMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (!same(stamp, await this.#stamp())) throw beingWritten();
  }
}

function beingWritten(): VigieError {
  return new VigieError('source-unreachable', { detail: 'the file is being written', retryAfter: 10 });
}

function same(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino;
}

function remember(id: string, digest: string, stamp: Stamp): void {
  for (const oldest of seen.keys()) {
    if (seen.size < SEEN_LIMIT) break;
    seen.delete(oldest);
  }
  seen.set(id, { digest, stamp });
}
