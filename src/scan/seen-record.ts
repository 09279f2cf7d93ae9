import type { FrameSignals } from '../media/media-signals.js';

/**
 * The seen record, version 1: what of a scanned medium is kept so that it can be matched against later list entries.
 *
 * | bytes | what |
 * |---|---|
 * | 1 | version of the record |
 * | 1 | number of frame hashes that follow, at most 255 |
 * | 2 | hashing revision of the engine, little-endian |
 * | 8 | when it was seen, milliseconds since 1970, little-endian |
 * | 32 | SHA-256 of the bytes |
 * | 16 | item reference: the first half of an HMAC of the platform's own, or zero |
 * | 34 × n | area (0 full, 1 trimmed, 2 over black, 3 stored, 4 opaque, 5 and 6 trimmed in height, in width) · quality · PDQ |
 */
export interface SeenRecord {
  readonly seenAt: number;
  readonly sha256: Uint8Array;
  readonly itemRef: Uint8Array;
  readonly hashingRevision: number;
  readonly hashes: readonly {
    readonly area: FrameSignals['area'];
    readonly quality: number;
    readonly pdq: Uint8Array;
  }[];
}

const VERSION = 1;
const HEADER_BYTES = 60;
const HASH_BYTES = 34;
/** What one record can hold. */
export const MAXIMUM_HASHES = 255;
const AREAS: readonly FrameSignals['area'][] = [
  'full',
  'trimmed',
  'over-black',
  'stored',
  'opaque',
  'trimmed-height',
  'trimmed-width',
];

/** @param record with at most `MAXIMUM_HASHES` hashes */
export function encodeSeenRecord(record: SeenRecord): Uint8Array {
  const { hashes } = record;
  const bytes = Buffer.alloc(HEADER_BYTES + hashes.length * HASH_BYTES);
  bytes[0] = VERSION;
  bytes[1] = hashes.length;
  bytes.writeUInt16LE(record.hashingRevision, 2);
  bytes.writeBigUInt64LE(BigInt(record.seenAt), 4);
  bytes.set(record.sha256, 12);
  bytes.set(record.itemRef, 44);
  for (const [i, { area, quality, pdq }] of hashes.entries()) {
    const at = HEADER_BYTES + i * HASH_BYTES;
    bytes[at] = AREAS.indexOf(area);
    bytes[at + 1] = quality;
    bytes.set(pdq, at + 2);
  }
  return bytes;
}

/** @returns undefined when the bytes are not a record of a version that is known here */
export function decodeSeenRecord(bytes: Uint8Array): SeenRecord | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = buffer[1] ?? 0;
  if (buffer.length < HEADER_BYTES || buffer[0] !== VERSION) return undefined;
  if (buffer.length !== HEADER_BYTES + count * HASH_BYTES) return undefined;
  const hashes = Array.from({ length: count }, (_, i) => {
    const at = HEADER_BYTES + i * HASH_BYTES;
    const area = AREAS[buffer[at] ?? 0] ?? 'full';
    return { area, quality: buffer[at + 1] ?? 0, pdq: buffer.subarray(at + 2, at + HASH_BYTES) };
  });
  return {
    seenAt: Number(buffer.readBigUInt64LE(4)),
    sha256: buffer.subarray(12, 44),
    itemRef: buffer.subarray(44, 60),
    hashingRevision: buffer.readUInt16LE(2),
    hashes,
  };
}
