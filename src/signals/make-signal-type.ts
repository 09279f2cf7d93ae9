import { VigieError } from '../errors.js';
import type { SignalType, SignalTypeName, UnusableReason } from './signal-type.js';
import { base64Digits, decodeBase64, decodeHex, encodeHex, trimmedBounds } from './text-decoding.js';

interface Description {
  readonly name: SignalTypeName;
  readonly bytes: number;
  readonly exact: boolean;
  readonly defaultThreshold: number;
  readonly distance: (a: Uint8Array, b: Uint8Array) => number;
  readonly format?: (value: Uint8Array) => string;
  /** Other ways of writing a value than hexadecimal and base64. */
  readonly parseOther?: (source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number) => boolean;
  /** The part of a value that must not be all zero; the whole of it if left out. */
  readonly meaning?: (value: Uint8Array) => Uint8Array;
  /** The value of an empty file. */
  readonly emptyFile?: Uint8Array;
}

/** Builds a signal type whose values are written in hexadecimal or base64. */
export function makeSignalType(description: Description): SignalType {
  const { name, bytes, exact, defaultThreshold, distance, format = encodeHex, parseOther, emptyFile } = description;
  const { meaning = (value) => value } = description;
  const digits = base64Digits(bytes);

  const parseInto: SignalType['parseInto'] = (source, start, end, target, offset) => {
    let from = start;
    let to = end;
    if (end - start !== 2 * bytes) [from, to] = trimmedBounds(source, start, end);
    const length = to - from;
    if (length === 2 * bytes && decodeHex(source, from, target, offset, bytes)) return true;
    if (length >= digits && length <= digits + 2 && decodeBase64(source, from, to, target, offset, bytes)) return true;
    return parseOther?.(source, from, to, target, offset) ?? false;
  };

  return {
    name,
    bytes,
    exact,
    defaultThreshold,
    distance,
    format,
    parseInto,
    parse(text) {
      const value = new Uint8Array(bytes);
      const source = ascii(text);
      if (source === undefined || !parseInto(source, 0, source.length, value, 0)) {
        throw new VigieError('signal-invalid', { detail: name });
      }
      return value;
    },
    unusable(value): UnusableReason | undefined {
      if (meaning(value).every((byte) => byte === 0)) return 'all-zero';
      if (emptyFile?.every((byte, i) => byte === value[i])) return 'empty-file';
      return undefined;
    },
  };
}

/** Differing or not: all that can be said of cryptographic hashes. */
export function exactDistance(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length && a.every((byte, i) => byte === b[i]) ? 0 : 1;
}

function ascii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return undefined;
    bytes[i] = unit;
  }
  return bytes;
}

/** The bytes that a hexadecimal constant stands for. */
export function bytesOf(hex: string): Uint8Array {
  const value = new Uint8Array(hex.length / 2);
  decodeHex(ascii(hex) as Uint8Array, 0, value, 0, value.length);
  return value;
}
