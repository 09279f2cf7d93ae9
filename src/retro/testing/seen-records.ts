import { randomBytes } from 'node:crypto';
import type { SeenRecord } from '../../scan/seen-record.js';

/** A record of a medium, random where nothing is said. */
export function seenRecord({
  hashes = [],
  ...rest
}: Partial<Omit<SeenRecord, 'hashes'>> & {
  readonly hashes?: readonly { readonly quality: number; readonly pdq: Uint8Array }[];
}): SeenRecord {
  return {
    seenAt: Date.now(),
    appliedSeq: 0,
    sha256: randomBytes(32),
    sha1: randomBytes(20),
    md5: randomBytes(16),
    reference: { kind: 'none' },
    video: false,
    hashingRevision: 1,
    hashes: hashes.map((hash) => ({ area: 'full', ...hash })),
    ...rest,
  };
}

/** Records as they lie in one frame of a log. */
export function frameOf(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(record.length);
      return [length, record];
    }),
  );
}
