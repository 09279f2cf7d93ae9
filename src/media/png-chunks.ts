import { crc32 } from 'node:zlib';

/** One chunk of a PNG; `data` shares the file's memory. */
export interface PngChunk {
  readonly name: string;
  readonly data: Uint8Array;
}

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The chunks of a PNG as far as they are whole; checksums are left to the decoder. @returns also whether it ends with IEND */
export function readPngChunks(bytes: Uint8Array): { readonly chunks: readonly PngChunk[]; readonly whole: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === 'IEND') return { chunks, whole: true };
    // What there is of a last, cut chunk still holds pixels.
    chunks.push({ name, data: bytes.subarray(at + 8, Math.min(at + 8 + length, bytes.length)) });
    at += 12 + length;
  }
  return { chunks, whole: false };
}

/** A PNG of these chunks, with the checksums and the end that belong to it. */
export function writePng(chunks: readonly PngChunk[]): Uint8Array {
  const parts: Uint8Array[] = [PNG_SIGNATURE];
  for (const { name, data } of [...chunks, { name: 'IEND', data: new Uint8Array() }]) {
    const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(named));
    parts.push(length, named, sum);
  }
  return Buffer.concat(parts);
}
