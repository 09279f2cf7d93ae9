import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HASHING_REVISION } from '../engine.js';
import type { FrameSignals } from '../media/media-signals.js';
import type { Keyring } from '../storage/keyring.js';
import { SealedLog } from '../storage/sealed-log.js';
import {
  decodeSeenRecord,
  encodeSeenRecord,
  itemReference,
  MAXIMUM_HASHES,
  MAXIMUM_TEXT,
  type SeenRecord,
  type SeenReference,
} from './seen-record.js';
import type { DigestValues } from './signal-cache.js';

/** What the files are sealed for. */
export const SEEN_PURPOSE = 'seen';
const SUFFIX = '.seen';
const FILE_BYTES = 64 * 2 ** 20;

export interface SeenMedium {
  /** The medium of an item, or what a sender calls a medium that comes by itself. */
  readonly of: SeenOrigin | undefined;
  readonly digests: DigestValues;
  readonly frames: readonly FrameSignals[];
  /** Whether the frames are those of a video. */
  readonly video: boolean;
  /** The change of lists up to which it was looked up. */
  readonly appliedSeq: number;
}

export type SeenOrigin =
  | { readonly item: string; readonly ordinal: number; readonly text?: undefined }
  | { readonly item?: undefined; readonly text: string };

/**
 * Keeps a record of every medium that was scanned, in sealed append-only files of a day and at most 64 MiB each, so that
 * later entries of a list can be tried against what is already public, and so that a day can be forgotten by deleting
 * its files. An appended record is on the disk before its verdict is told.
 */
export class SeenLog implements AsyncDisposable {
  readonly #directory: string;
  readonly #keyring: Keyring;
  readonly #itemKey: Buffer;
  #current: { readonly day: string; readonly name: string; readonly log: SealedLog } | undefined;
  #opening: Promise<SealedLog> | undefined;
  #count = 0;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(directory: string, keyring: Keyring) {
    this.#directory = directory;
    this.#keyring = keyring;
    this.#itemKey = keyring.subkey('item-ref');
  }

  get directory(): string {
    return this.#directory;
  }

  /** Media recorded since the start. */
  get count(): number {
    return this.#count;
  }

  /**
   * Runs what looks a medium up and then appends its record, so that `settled` can wait for it.
   * @returns what `act` returns
   */
  async during<T>(act: () => Promise<T>): Promise<T> {
    const running = act();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Waits for all that was begun before: whatever was looked up by then has its record. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#underWay]);
  }

  /** @throws VigieError `disk-full`: the medium has left no record, so its verdict must not be told */
  async append({ of, digests, frames, video, appliedSeq }: SeenMedium): Promise<void> {
    const hashes = frames.map(({ area, quality, pdq }) => ({ area, quality, pdq: pdq.subarray(0, 32) }));
    const record = {
      ...digests,
      seenAt: Date.now(),
      appliedSeq,
      video,
      reference: this.#reference(of),
      hashingRevision: HASHING_REVISION,
    };
    const log = await this.#log();
    // A long animation has more hashes than one record holds; its records have all else in common.
    for (let from = 0; from === 0 || from < hashes.length; from += MAXIMUM_HASHES) {
      await log.append(encodeSeenRecord({ ...record, hashes: hashes.slice(from, from + MAXIMUM_HASHES) }));
    }
    this.#count++;
  }

  /** The form in which a long reference stands in a record: the first 16 bytes of an HMAC-SHA-256. */
  itemHash(itemRef: string): Uint8Array {
    return createHmac('sha256', this.#itemKey).update(itemRef).digest().subarray(0, 16);
  }

  /** All records, oldest file first. Records of a version that is not known here are passed over and counted. */
  async *records(onUnknown: () => void = () => undefined): AsyncGenerator<SeenRecord> {
    for (const name of await this.files()) {
      const current = this.#current?.name === name ? this.#current.log : undefined;
      const log = current ?? (await SealedLog.open(join(this.#directory, name), this.#keyring, SEEN_PURPOSE));
      try {
        for await (const bytes of log.records()) {
          const record = decodeSeenRecord(bytes);
          if (record === undefined) onUnknown();
          else yield record;
        }
      } finally {
        if (current === undefined) await log.close();
      }
    }
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#current?.log.close();
    this.#current = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #reference(of: SeenOrigin | undefined): SeenReference {
    if (of === undefined) return { kind: 'none' };
    if (of.item !== undefined) return itemReference(of.item, of.ordinal);
    if (Buffer.byteLength(of.text) <= MAXIMUM_TEXT) return { kind: 'text', text: of.text };
    return { kind: 'hashed', hash: this.itemHash(of.text) };
  }

  /** Names of the files, oldest first. */
  async files(): Promise<readonly string[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    return (await readdir(this.#directory)).filter((name) => name.endsWith(SUFFIX)).sort();
  }

  async #log(): Promise<SealedLog> {
    const day = new Date().toISOString().slice(0, 10);
    const current = this.#current;
    if (current !== undefined && current.day === day && current.log.size < FILE_BYTES) return current.log;
    // All who come while the file changes wait for the same one.
    this.#opening ??= this.#turnOver(day).finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  async #turnOver(day: string): Promise<SealedLog> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const before = this.#current?.log;
    // A file of its own for each start: an old one need not be read to its end to be continued.
    const name = `${new Date().toISOString().replaceAll(/[:.]/g, '')}-${randomBytes(3).toString('hex')}${SUFFIX}`;
    const log = await SealedLog.open(join(this.#directory, name), this.#keyring, SEEN_PURPOSE);
    this.#current = { day, name, log };
    await before?.close();
    return log;
  }
}
