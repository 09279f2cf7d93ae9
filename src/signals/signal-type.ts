/** The kinds of fingerprint that Vigie stores and compares. */
export const SIGNAL_TYPE_NAMES = ['md5', 'sha1', 'sha256', 'pdq', 'photodna', 'vpdq'] as const;
export type SignalTypeName = (typeof SIGNAL_TYPE_NAMES)[number];

/** Why a well-formed value must never act as a list entry. */
export type UnusableReason = 'all-zero' | 'empty-file';

/** One kind of fingerprint: how it is read, written and compared. Pure: no I/O. */
export interface SignalType {
  readonly name: SignalTypeName;
  /** Length of a value in bytes. */
  readonly bytes: number;
  /** True when only equality makes sense (a cryptographic hash). */
  readonly exact: boolean;
  /** The largest distance that counts as a match unless the operator says otherwise; 0 for exact types. */
  readonly defaultThreshold: number;

  /**
   * Reads a value from text: hexadecimal in either case, or base64 where lists use it; surrounding white space is allowed.
   * @returns `bytes` bytes, in the order in which the text reads
   * @throws VigieError `signal-invalid`; the error never holds the value
   */
  parse(text: string): Uint8Array;

  /**
   * The same for bytes of ASCII text, without allocating: reads `source[start..end)` into `target` at `offset`.
   * @returns false when the text is not a value of this type (`target` may then be partly written)
   */
  parseInto(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean;

  /** Writes a value in the form in which this type is usually exchanged (lower-case hexadecimal; base64 for PhotoDNA). */
  format(value: Uint8Array): string;

  /** Distance of two values: differing bits (PDQ, frames of videos), 0 or 1 (exact types), squared Euclidean (PhotoDNA). */
  distance(a: Uint8Array, b: Uint8Array): number;

  /** Tells a value that would match what it must not: the hash of an empty file, or all zero. */
  unusable(value: Uint8Array): UnusableReason | undefined;
}
