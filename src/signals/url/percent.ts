const PERCENT = 0x25;
const encoder = new TextEncoder();

const HEX = '0123456789ABCDEF';

/** Bytes that stand for themselves in a normal form: RFC 3986 `unreserved`, and in a path also what `pchar` allows. */
const UNRESERVED = literals('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~');
const PATH = literals("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

/**
 * Opens every escape of a component, escapes of escapes too, however deep: each that is opened makes the rest shorter, so
 * it takes one pass over it. A percent sign that begins no escape stays one.
 * @param plusIsSpace as forms write it
 * @returns bytes, whether or not they are UTF-8
 */
export function unescapeBytes(component: string, plusIsSpace = false): Uint8Array {
  const input = encoder.encode(component);
  let size = 0;
  for (const byte of input) {
    input[size++] = plusIsSpace && byte === 0x2b ? 0x20 : byte;
    // What an escape stood for may be the last digit of another one.
    while (size >= 3 && input[size - 3] === PERCENT) {
      const high = digit(input[size - 2] as number);
      const low = digit(input[size - 1] as number);
      if (high < 0 || low < 0) break;
      size -= 2;
      input[size - 1] = (high << 4) | low;
    }
  }
  return input.subarray(0, size);
}

/** Writes bytes as a component in the one way: everything is escaped that does not have to stand for itself. */
export function escapeBytes(bytes: Uint8Array, component: 'path' | 'query'): string {
  const literal = component === 'path' ? PATH : UNRESERVED;
  let text = '';
  for (const byte of bytes) {
    text += literal[byte] === 1 ? String.fromCharCode(byte) : `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  }
  return text;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function literals(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of encoder.encode(characters)) table[byte] = 1;
  return table;
}
