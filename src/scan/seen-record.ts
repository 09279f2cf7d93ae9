import type { FrameSignals } from '../media/media-signals.js';

/**
 * The seen record: what of a scanned medium is kept so that it can be tried against later list entries. All numbers are
 * little-endian. Version 2 is written; version 1 stays readable.
 *
 * | bytes | what, version 2 |
 * |---|---|
 * | 1 | version of the record |
 * | 1 | number of frame hashes that follow, at most 255 |
 * | 2 | hashing revision of the engine |
 * | 6 | when it was seen, milliseconds since 1970 |
 * | 6 | the change of lists up to which it was looked up: what came later is new to it |
 * | 32 | SHA-256 of the bytes |
 * | 20 | SHA-1 |
 * | 16 | MD5 |
 * | 1 | kind of reference (0 none, 1 hashed, 2 item, 3 text) · 4 when the hashes are frames of a video |
 * | 1 | bytes of the reference |
 * | r | the reference: 16 bytes of an HMAC; 12 bytes of an item's id and 2 of the medium's ordinal; UTF-8 |
 * | 34 × n | area (0 full, 1 trimmed, 2 over black, 3 stored, 4 opaque, 5 and 6 trimmed in height, in width) · quality · PDQ |
 *
 * Version 1 had the time in 8 bytes at 4, the SHA-256 at 12, a hashed reference (or zero) at 44, its hashes at 60, and
 * neither a change of lists nor SHA-1 and MD5. The two digests are worth their 36 bytes, as some lists have nothing else.
 */
export interface SeenRecord {
  readonly seenAt: number;
  /** 0 in a record of version 1: every entry is new to it. */
  readonly appliedSeq: number;
  readonly sha256: Uint8Array;
  /** Absent in a record of version 1, as is `md5`. */
  readonly sha1: Uint8Array | undefined;
  readonly md5: Uint8Array | undefined;
  readonly reference: SeenReference;
  /** Whether the hashes are frames of a video, one a second. */
  readonly video: boolean;
  readonly hashingRevision: number;
  readonly hashes: readonly {
    readonly area: FrameSignals['area'];
    readonly quality: number;
    readonly pdq: Uint8Array;
  }[];
}

/** What leads from a record back to what was shared. */
export type SeenReference =
  | { readonly kind: 'none' }
  /** The first half of an HMAC of what its sender called it. */
  | { readonly kind: 'hashed'; readonly hash: Uint8Array }
  | { readonly kind: 'item'; readonly id: string; readonly ordinal: number }
  /** What its sender called it. */
  | { readonly kind: 'text'; readonly text: string };

const VERSION = 2;
const FIXED_BYTES = 86;
const FIXED_BYTES_V1 = 60;
const REFERENCE_V1 = 44;
const HASHED_BYTES = 16;
const ITEM_ID_BYTES = 12;
const ITEM_BYTES = ITEM_ID_BYTES + 2;
const VIDEO = 4;
const KINDS = ['none', 'hashed', 'item', 'text'] as const;
/** Bytes of one hash in a record; its area and its quality come first. */
export const SEEN_HASH_BYTES = 34;
/** What one record can hold. */
export const MAXIMUM_HASHES = 255;
/** The longest text that a record keeps as a reference, in bytes of UTF-8. */
export const MAXIMUM_TEXT = 255;
const AREAS: readonly FrameSignals['area'][] = [
  'full',
  'trimmed',
  'over-black',
  'stored',
  'opaque',
  'trimmed-height',
  'trimmed-width',
];

/** The area that a record names by a number. */
export function seenArea(code: number): FrameSignals['area'] {
  return AREAS[code] ?? 'full';
}

/** The reference of an item's medium; an id that is not one of ours is kept as text. */
export function itemReference(id: string, ordinal: number): SeenReference {
  const bytes = Buffer.from(id, 'base64url');
  if (bytes.length === ITEM_ID_BYTES && bytes.toString('base64url') === id) return { kind: 'item', id, ordinal };
  return { kind: 'text', text: `${id}/${ordinal}` };
}

/** @param record with at most `MAXIMUM_HASHES` hashes, and with both digests */
export function encodeSeenRecord(record: SeenRecord): Uint8Array {
  const { hashes, reference, sha256, sha1, md5 } = record;
  const refers = referenceBytes(reference);
  const bytes = Buffer.alloc(FIXED_BYTES + refers.length + hashes.length * SEEN_HASH_BYTES);
  bytes[0] = VERSION;
  bytes[1] = hashes.length;
  bytes.writeUInt16LE(record.hashingRevision, 2);
  bytes.writeUIntLE(record.seenAt, 4, 6);
  bytes.writeUIntLE(record.appliedSeq, 10, 6);
  bytes.set(sha256, 16);
  if (sha1 !== undefined) bytes.set(sha1, 48);
  if (md5 !== undefined) bytes.set(md5, 68);
  bytes[84] = KINDS.indexOf(reference.kind) | (record.video ? VIDEO : 0);
  bytes[85] = refers.length;
  bytes.set(refers, FIXED_BYTES);
  for (const [i, { area, quality, pdq }] of hashes.entries()) {
    const at = FIXED_BYTES + refers.length + i * SEEN_HASH_BYTES;
    bytes[at] = AREAS.indexOf(area);
    bytes[at + 1] = quality;
    bytes.set(pdq, at + 2);
  }
  return bytes;
}

function referenceBytes(reference: SeenReference): Uint8Array {
  if (reference.kind === 'none') return new Uint8Array();
  if (reference.kind === 'hashed') return reference.hash;
  if (reference.kind === 'text') return Buffer.from(reference.text);
  const bytes = Buffer.alloc(ITEM_BYTES);
  bytes.write(reference.id, 'base64url');
  bytes.writeUInt16LE(reference.ordinal, ITEM_ID_BYTES);
  return bytes;
}

/** Reads records where they lie, without an object each: for those who look at all that was ever seen. */
export class SeenCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** How many hashes there are, and where the first one lies. */
  count = 0;
  hashesAt = 0;
  #old = false;

  /**
   * Goes to a record.
   * @returns false when it is not one of a version that is known here
   */
  open(bytes: Buffer, at: number, length: number): boolean {
    if (length < FIXED_BYTES_V1) return false;
    const version = bytes[at];
    const count = bytes[at + 1]!;
    this.#old = version === 1;
    if (version !== 1 && (version !== VERSION || length < FIXED_BYTES)) return false;
    const head = this.#old ? FIXED_BYTES_V1 : FIXED_BYTES + bytes[at + 85]!;
    if (length !== head + count * SEEN_HASH_BYTES) return false;
    this.bytes = bytes;
    this.at = at;
    this.count = count;
    this.hashesAt = at + head;
    return true;
  }

  get seenAt(): number {
    return this.#old ? Number(this.bytes.readBigUInt64LE(this.at + 4)) : this.bytes.readUIntLE(this.at + 4, 6);
  }

  get appliedSeq(): number {
    return this.#old ? 0 : this.bytes.readUIntLE(this.at + 10, 6);
  }

  get hashingRevision(): number {
    return this.bytes.readUInt16LE(this.at + 2);
  }

  get video(): boolean {
    return !this.#old && (this.bytes[this.at + 84]! & VIDEO) !== 0;
  }

  /** Where a digest lies; -1 when the record does not have it. */
  digestAt(type: 'sha256' | 'sha1' | 'md5'): number {
    if (this.#old) return type === 'sha256' ? this.at + 12 : -1;
    return this.at + (type === 'sha256' ? 16 : type === 'sha1' ? 48 : 68);
  }

  reference(): SeenReference {
    const { bytes, at } = this;
    if (this.#old) {
      const hash = bytes.subarray(at + REFERENCE_V1, at + REFERENCE_V1 + HASHED_BYTES);
      return hash.every((byte) => byte === 0) ? { kind: 'none' } : { kind: 'hashed', hash };
    }
    const from = at + FIXED_BYTES;
    const part = bytes.subarray(from, this.hashesAt);
    const kind = KINDS[bytes[at + 84]! & 3]!;
    if (kind === 'hashed') return { kind, hash: part };
    if (kind === 'text') return { kind, text: part.toString() };
    if (kind === 'none' || part.length !== ITEM_BYTES) return { kind: 'none' };
    return {
      kind,
      id: part.toString('base64url', 0, ITEM_ID_BYTES),
      ordinal: part.readUInt16LE(ITEM_ID_BYTES),
    };
  }
}

/** @returns undefined when the bytes are not a record of a version that is known here */
export function decodeSeenRecord(bytes: Uint8Array): SeenRecord | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor = new SeenCursor();
  if (!cursor.open(buffer, 0, buffer.length)) return undefined;
  const digest = (type: 'sha256' | 'sha1' | 'md5', width: number) => {
    const at = cursor.digestAt(type);
    return at === -1 ? undefined : buffer.subarray(at, at + width);
  };
  const hashes = Array.from({ length: cursor.count }, (_, i) => {
    const at = cursor.hashesAt + i * SEEN_HASH_BYTES;
    return {
      area: seenArea(buffer[at]!),
      quality: buffer[at + 1]!,
      pdq: buffer.subarray(at + 2, at + SEEN_HASH_BYTES),
    };
  });
  return {
    seenAt: cursor.seenAt,
    appliedSeq: cursor.appliedSeq,
    sha256: digest('sha256', 32)!,
    sha1: digest('sha1', 20),
    md5: digest('md5', 16),
    reference: cursor.reference(),
    video: cursor.video,
    hashingRevision: cursor.hashingRevision,
    hashes,
  };
}
