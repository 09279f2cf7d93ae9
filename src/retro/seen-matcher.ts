import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { EXACT_TYPES, SIGNAL_WIDTHS } from '../index/signal-widths.js';
import { MINIMUM_QUALITY } from '../media/media-signals.js';
import { SEEN_HASH_BYTES, SeenCursor, type SeenReference, seenArea } from '../scan/seen-record.js';
import { viewName } from '../scan/views.js';
import { DIHEDRAL_NAMES, inverseWay } from '../signals/pdq/dihedral.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import type { DeltaIndex, DeltaOwner } from './delta-index.js';
import { nearHashes } from './near-hashes.js';
import type { RetroFind } from './retro-find.js';

/** What a pass has looked at. */
export interface SeenCounts {
  records: number;
  /** Hashes that were compared. */
  hashes: number;
  /** Records of a version that is not known here: nothing can be told of them. */
  unknown: number;
}

const PDQ_BYTES = 32;

/** The strongest first, as in a verdict. */
const RANK: Readonly<Record<SignalTypeName, number>> = { sha256: 0, sha1: 1, md5: 2, pdq: 3, vpdq: 4, photodna: 5 };

interface Gathered extends Omit<RetroFind, 'hashesMatched'> {
  hashesMatched: number;
}

/**
 * Tries seen records against new entries. A long video has several records; what they have in common with an entry is one
 * find, which `take` gives out.
 */
export class SeenMatcher {
  readonly counts: SeenCounts = { records: 0, hashes: 0, unknown: 0 };
  readonly #delta: DeltaIndex;
  readonly #cursor = new SeenCursor();
  readonly #pdq = Buffer.alloc(PDQ_BYTES);
  readonly #digests = EXACT_TYPES.map((type) => ({ type, value: Buffer.alloc(SIGNAL_WIDTHS[type]) }));
  readonly #threshold: number;
  readonly #seq: number;
  #finds = new Map<string, Gathered>();
  /** Of the hashes of the records that come next, in their order, which are near to any; undefined when nobody has looked. */
  #near: Uint8Array | undefined;
  #next = 0;
  /** Entries that the hash at hand has been counted for. */
  readonly #counted = new Set<string>();

  constructor(delta: DeltaIndex) {
    this.#delta = delta;
    this.#threshold = delta.entries.reduce(
      (most, { list }) => Math.max(most, list.threshold, list.frameThreshold ?? 0),
      0,
    );
    this.#seq = delta.entries.reduce((most, { list }) => Math.max(most, list.seq), 0);
    this.#digests = this.#digests.filter(({ type }) => delta.has(type));
  }

  /** How many finds wait to be taken. */
  get waiting(): number {
    return this.#finds.size;
  }

  /**
   * Tries the records of one frame of a seen log, until so many finds wait.
   * @returns where to go on in the frame once they are taken; its length when it is through
   */
  match(frame: Buffer, from = 0, most = Number.POSITIVE_INFINITY): number {
    let at = from;
    while (at < frame.length && this.#finds.size < most) {
      const length = frame.readUInt32LE(at);
      if (this.#cursor.open(frame, at + 4, length)) this.#record();
      else this.counts.unknown++;
      at += 4 + length;
    }
    return at;
  }

  /**
   * Looks at many frames at once, which are then to be tried in this order: their hashes are more than those of the entries,
   * so the entries' are looked up among them, and only what is near is looked at more closely.
   * @param pause called again and again; what it throws ends this
   * @throws VigieError `memory-exhausted`
   */
  foresee(frames: readonly Buffer[], pool: MemoryPool, pause: () => void): void {
    this.#near = undefined;
    this.#next = 0;
    if (this.#delta.hashes === 0) return;
    let most = 0;
    for (const { length } of frames) most += Math.floor(length / SEEN_HASH_BYTES);
    const hashes = new Uint8Array(most * PDQ_BYTES);
    let count = 0;
    const cursor = this.#cursor;
    for (const frame of frames) {
      for (let at = 0; at < frame.length; ) {
        const length = frame.readUInt32LE(at);
        if (cursor.open(frame, at + 4, length) && cursor.appliedSeq < this.#seq) {
          for (let i = 0, from = cursor.hashesAt; i < cursor.count; i++, from += SEEN_HASH_BYTES) {
            if (frame[from + 1]! < MINIMUM_QUALITY) continue;
            frame.copy(hashes, count++ * PDQ_BYTES, from + 2, from + SEEN_HASH_BYTES);
          }
        }
        at += 4 + length;
      }
    }
    if (count < this.#delta.hashes) return;
    const many = hashes.subarray(0, count * PDQ_BYTES);
    this.#near = nearHashes(many, this.#delta.values, this.#threshold, pool, pause);
  }

  /** Gives out what was found since the last time. */
  take(): RetroFind[] {
    const finds = [...this.#finds.values()];
    this.#finds = new Map();
    return finds;
  }

  #record(): void {
    const { counts } = this;
    const cursor = this.#cursor;
    counts.records++;
    // All of these entries were there when it was looked up.
    if (cursor.appliedSeq >= this.#seq) return;
    for (const { type, value } of this.#digests) {
      const at = cursor.digestAt(type);
      if (at === -1) continue;
      cursor.bytes.copy(value, 0, at, at + value.length);
      const entries = this.#delta.exact(type, value);
      if (entries !== undefined) for (const entry of entries) this.#found(entry, type, 0, 'as-is', null, false);
    }
    if (this.#delta.hashes === 0) return;
    const { bytes } = cursor;
    for (let i = 0, at = cursor.hashesAt; i < cursor.count; i++, at += SEEN_HASH_BYTES) {
      if (bytes[at + 1]! < MINIMUM_QUALITY) continue;
      counts.hashes++;
      if (this.#near?.[this.#next++] === 0) continue;
      bytes.copy(this.#pdq, 0, at + 2, at + SEEN_HASH_BYTES);
      const found = this.#delta.search(this.#pdq, this.#threshold);
      if (found > 0) this.#gather(found, at);
    }
  }

  #gather(found: number, at: number): void {
    const { bytes, video } = this.#cursor;
    const { indexes, distances } = this.#delta.hits;
    this.#counted.clear();
    for (let i = 0; i < found; i++) {
      const distance = distances[i]!;
      for (const owner of this.#delta.owners(indexes[i]!)) {
        const { threshold, frameThreshold = threshold } = this.#delta.entries[owner.entry]!.list;
        if (distance > (owner.frame ? frameThreshold : threshold)) continue;
        const view = nameOf(bytes[at]!, owner);
        const signal = owner.frame ? 'vpdq' : 'pdq';
        this.#found(owner.entry, signal, distance, view, bytes[at + 1]!, video);
      }
    }
  }

  #found(
    number: number,
    signal: SignalTypeName,
    distance: number,
    view: string,
    quality: number | null,
    video: boolean,
  ): void {
    const cursor = this.#cursor;
    const entry = this.#delta.entries[number]!;
    if (cursor.appliedSeq >= entry.list.seq) return;
    const from = cursor.digestAt('sha256');
    const sha256 = Uint8Array.from(cursor.bytes.subarray(from, from + 32));
    const reference = copied(cursor.reference());
    // The records of one long video have their time in common.
    const key = JSON.stringify([Buffer.from(sha256).toString('base64'), cursor.seenAt, textOf(reference), number]);
    const before = this.#finds.get(key);
    const exact = quality === null;
    const counts = exact || this.#counted.has(key) ? 0 : 1;
    this.#counted.add(key);
    const hashesMatched = (before?.hashesMatched ?? 0) + counts;
    const closer =
      before === undefined ||
      RANK[signal] < RANK[before.signal] ||
      (signal === before.signal && distance < before.distance);
    if (!closer) {
      before.hashesMatched = hashesMatched;
      return;
    }
    const frame = signal === 'vpdq';
    this.#finds.set(key, {
      ...{ listId: entry.list.listId, entry: entry.id, grade: entry.grade },
      ...(entry.words && { words: entry.words }),
      ...{ signal, distance, view, quality, sha256, reference, hashesMatched },
      extent: !exact && (video || frame) ? 'partial' : 'full',
      across: exact || video === frame ? 'same-kind' : video ? 'picture-in-video' : 'frame-of-video',
      seenAt: cursor.seenAt,
      hashingRevision: cursor.hashingRevision,
    });
  }
}

/** How the medium must be looked at to see the entry: the other way round from how the entry was turned. */
function nameOf(area: number, { way, negative }: DeltaOwner): string {
  return viewName(seenArea(area), DIHEDRAL_NAMES[inverseWay(way)]!, negative);
}

function copied(reference: SeenReference): SeenReference {
  return reference.kind === 'hashed' ? { kind: 'hashed', hash: Uint8Array.from(reference.hash) } : reference;
}

/** Tells references apart. */
export function textOf(reference: SeenReference): string {
  switch (reference.kind) {
    case 'none':
      return '';
    case 'hashed':
      return `h${Buffer.from(reference.hash).toString('base64')}`;
    case 'item':
      return `i${reference.id}/${reference.ordinal}`;
    case 'text':
      return `t${reference.text}`;
  }
}
