import { seeded } from '../../src/index/testing/random.js';

type Mutator = (bytes: Buffer, random: () => number) => Buffer;

const place = (bytes: Buffer, random: () => number) => Math.floor(random() * bytes.length);
/** Headers lie at the beginning: what is changed there breaks more than what is changed in pixels. */
const early = (bytes: Buffer, random: () => number) => {
  // What is no picture any more tries no decoder: the first bytes are seldom touched.
  const first = random() < 0.95 ? Math.min(12, bytes.length >> 1) : 0;
  return first + Math.floor(random() ** 4 * (bytes.length - first));
};
const TELLING = [0, 1, 0x7f, 0x80, 0xfe, 0xff] as const;

const MUTATORS: readonly Mutator[] = [
  function flipBits(bytes, random) {
    for (let i = 1 + Math.floor(random() * 16); i > 0; i--) {
      const at = early(bytes, random);
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
    }
    return bytes;
  },
  function tellingBytes(bytes, random) {
    for (let i = 1 + Math.floor(random() * 8); i > 0; i--) {
      bytes[early(bytes, random)] = TELLING[Math.floor(random() * TELLING.length)] as number;
    }
    return bytes;
  },
  function largeNumber(bytes, random) {
    const at = Math.min(early(bytes, random), Math.max(0, bytes.length - 4));
    if (bytes.length >= 4) bytes.writeUInt32BE(Math.floor(random() * 2 ** (8 + Math.floor(random() * 24))), at);
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, place(bytes, random));
  },
  function remove(bytes, random) {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() * 64))]);
  },
  function repeat(bytes, random) {
    const at = place(bytes, random);
    const part = bytes.subarray(at, at + 1 + Math.floor(random() * 512));
    return Buffer.concat([bytes.subarray(0, at), part, part, bytes.subarray(at)]);
  },
  function noise(bytes, random) {
    const at = early(bytes, random);
    for (let i = at; i < Math.min(bytes.length, at + 64); i++) bytes[i] = Math.floor(random() * 256);
    return bytes;
  },
  function swap(bytes, random) {
    const [a, b] = [place(bytes, random), place(bytes, random)];
    const length = Math.min(256, bytes.length - Math.max(a, b));
    const part = Buffer.from(bytes.subarray(a, a + length));
    bytes.copyWithin(a, b, b + length);
    part.copy(bytes, b);
    return bytes;
  },
];

/** A damaged copy of one of the seeds: the same for the same number, changed in one to three ways. */
export function mutated(seeds: readonly Uint8Array[], number: number): Buffer {
  const random = seeded(number);
  let bytes: Buffer = Buffer.from(seeds[number % seeds.length] ?? []);
  for (let i = 1 + Math.floor(random() * 3); i > 0; i--) {
    if (bytes.length === 0) break;
    const mutate = MUTATORS[Math.floor(random() * MUTATORS.length)] as Mutator;
    bytes = mutate(bytes, random);
  }
  // Now and then the tail of one kind of file behind the head of another.
  if (random() < 0.05) {
    const other = Buffer.from(seeds[Math.floor(random() * seeds.length)] ?? []);
    bytes = Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]);
  }
  return bytes;
}
