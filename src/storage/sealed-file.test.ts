import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../index/byte-io.js';
import { Keyring } from './keyring.js';
import { SealedReader, SealedWriter } from './sealed-file.js';
import { HEADER_BYTES, TAG_BYTES } from './sealed-header.js';

const CHUNK = 4096;
const keyring = new Keyring([randomBytes(32)], 'environment');

class MemorySource implements ByteSource {
  reads = 0;
  constructor(readonly bytes: Uint8Array) {}
  get size(): number {
    return this.bytes.byteLength;
  }
  async readInto(offset: number, length: number, target: Uint8Array): Promise<void> {
    this.reads++;
    target.set(this.bytes.subarray(offset, offset + length));
  }
  async close(): Promise<void> {}
}

async function sealed(content: Uint8Array, pieces: readonly number[] = [content.byteLength]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = new SealedWriter(
    { write: async (bytes) => void parts.push(Uint8Array.from(bytes)) },
    keyring,
    'test',
    CHUNK,
  );
  let at = 0;
  for (const piece of [...pieces, content.byteLength]) {
    const end = Math.min(content.byteLength, at + piece);
    await writer.write(content.subarray(at, end));
    at = end;
  }
  await writer.finish();
  return Uint8Array.from(Buffer.concat(parts));
}

const open = (bytes: Uint8Array, keys = keyring, purpose = 'test'): Promise<SealedReader> =>
  SealedReader.open(new MemorySource(bytes), keys, purpose);

/** All of a file, in both ways of reading: they agree on what is in it, and on what is wrong with it. */
async function content(bytes: Uint8Array): Promise<Uint8Array> {
  const whole = SealedReader.readWhole(new MemorySource(bytes), keyring, 'test');
  const piecewise = open(bytes).then(async (reader) => {
    const target = new Uint8Array(reader.size);
    await reader.readInto(0, reader.size, target);
    return target;
  });
  const [one, other] = await Promise.allSettled([whole, piecewise]);
  if (one.status === 'fulfilled' && other.status === 'fulfilled') {
    expect(Buffer.compare(one.value, other.value)).toBe(0);
  } else {
    const codes = [one, other].map((each) => (each.status === 'rejected' ? each.reason.code : 'none'));
    expect(codes[0]).toBe(codes[1]);
  }
  return await piecewise;
}

/** Content whose bytes tell where they are from. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7) & 255);
}

describe('a sealed file', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17, 1500 * CHUNK + 5])(
    'gives back %d bytes',
    async (length) => {
      const plain = pattern(length);
      const bytes = await sealed(plain);
      expect(bytes.byteLength).toBe(HEADER_BYTES + length + TAG_BYTES * Math.max(1, Math.ceil(length / CHUNK)));
      expect(Buffer.compare(await content(bytes), plain)).toBe(0);
    },
  );

  it('can be written in any pieces and read at any place, also at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 9 * CHUNK }),
        fc.array(fc.integer({ min: 0, max: 3 * CHUNK }), { maxLength: 8 }),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 5 * CHUNK })), {
          maxLength: 12,
        }),
        async (length, pieces, reads) => {
          const plain = pattern(length);
          const reader = await open(await sealed(plain, pieces));
          const check = async (share: number, wanted: number): Promise<void> => {
            const offset = Math.floor(share * length);
            const size = Math.min(wanted, length - offset);
            const target = new Uint8Array(size);
            await reader.readInto(offset, size, target);
            expect(Buffer.compare(target, plain.subarray(offset, offset + size))).toBe(0);
          };
          for (const [share, wanted] of reads) await check(share, wanted);
          await Promise.all(reads.map(([share, wanted]) => check(share, wanted)));
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });

  it('reads long files in order, piece by piece and at once', async () => {
    const plain = pattern(2000 * CHUNK + 99);
    const source = new MemorySource(await sealed(plain));
    const reader = await SealedReader.open(source, keyring, 'test');
    source.reads = 0;
    const target = new Uint8Array(plain.byteLength);
    const piece = 100_001;
    for (let at = 0; at < plain.byteLength; at += piece) {
      const length = Math.min(piece, plain.byteLength - at);
      await reader.readInto(at, length, target.subarray(at));
    }
    expect(Buffer.compare(target, plain)).toBe(0);
    // Four blocks of 2 MiB; the pieces' seams cost next to nothing.
    expect(source.reads).toBeLessThan(10);
    const again = Array.from({ length: 8 }, async (_, worker) => {
      const part = new Uint8Array(900 * CHUNK);
      await reader.readInto(worker * 100 * CHUNK + worker, part.byteLength, part);
      const from = worker * 100 * CHUNK + worker;
      expect(Buffer.compare(part, plain.subarray(from, from + part.byteLength))).toBe(0);
    });
    await Promise.all(again);
    await reader.close();
  });

  it('reads into shared memory, and writes from it', async () => {
    const plain = pattern(5 * CHUNK + 3);
    const shared = new Uint8Array(new SharedArrayBuffer(plain.byteLength));
    shared.set(plain);
    const reader = await open(await sealed(shared));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const target = new Uint8Array(memory.buffer, 64, plain.byteLength);
    await reader.readInto(0, plain.byteLength, target);
    expect(Buffer.compare(Uint8Array.from(target), plain)).toBe(0);
  });

  it('tells a file that was cut at any place', async () => {
    const bytes = await sealed(pattern(3 * CHUNK + 100));
    const stride = CHUNK + TAG_BYTES;
    const places = [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + TAG_BYTES, HEADER_BYTES + stride];
    for (const place of [...places, HEADER_BYTES + 3 * stride, HEADER_BYTES + 3 * stride + 5, bytes.byteLength - 1]) {
      await expect(open(bytes.subarray(0, place))).rejects.toMatchObject({ code: 'seal-damaged' });
    }
    await expect(open(Buffer.concat([bytes, Buffer.of(0)]))).rejects.toMatchObject({ code: 'seal-damaged' });
  });

  it('tells chunks that were moved, doubled or left out', async () => {
    const bytes = await sealed(pattern(4 * CHUNK));
    const head = bytes.subarray(0, HEADER_BYTES);
    const chunk = (number: number): Uint8Array => {
      const from = HEADER_BYTES + number * (CHUNK + TAG_BYTES);
      return bytes.subarray(from, from + CHUNK + TAG_BYTES);
    };
    const arranged = (...order: number[]): Buffer => Buffer.concat([head, ...order.map(chunk)]);
    expect((await content(arranged(0, 1, 2, 3))).byteLength).toBe(4 * CHUNK);
    for (const order of [[1, 0, 2, 3], [0, 1, 1, 3], [0, 0, 1, 2, 3], [0, 1, 3], [0, 1, 2], [3]]) {
      await expect(content(arranged(...order))).rejects.toMatchObject({ code: 'seal-damaged' });
    }
    const other = await sealed(pattern(4 * CHUNK));
    const mixed = Buffer.concat([other.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES)]);
    await expect(content(mixed)).rejects.toMatchObject({ code: 'seal-damaged' });
  });

  it('tells any changed byte', async () => {
    const bytes = await sealed(pattern(2 * CHUNK + 10));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const changed = bytes.slice();
        changed[place]! ^= flip;
        const wrongKey = place >= 16 && place < 24;
        await expect(content(changed)).rejects.toMatchObject({ code: wrongKey ? 'seal-key-wrong' : 'seal-damaged' });
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('opens only with its key and for its purpose', async () => {
    const bytes = await sealed(pattern(10));
    const stranger = new Keyring([randomBytes(32)], 'environment');
    await expect(open(bytes, stranger)).rejects.toMatchObject({ code: 'seal-key-wrong' });
    await expect(open(bytes, keyring, 'other')).rejects.toMatchObject({ code: 'seal-damaged' });
    await expect(open(pattern(500))).rejects.toMatchObject({ code: 'seal-damaged' });
  });

  it('does not read beyond its end', async () => {
    const reader = await open(await sealed(pattern(10)));
    await expect(reader.readInto(5, 6, new Uint8Array(6))).rejects.toThrow(RangeError);
  });
});
