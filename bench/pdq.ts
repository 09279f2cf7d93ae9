import sharp from 'sharp';
import { reducedSize } from '../src/media/decode-sharp.js';
import { hammingDistance } from '../src/signals/pdq/hamming-distance.js';
import { PdqHasher, type Pixels } from '../src/signals/pdq/pdq-hasher.js';
import { type Bench, type BenchRow, interleave, median, quantile } from './harness.js';
import { draw, toSharp } from './media-samples.js';
import { photographLike } from './pictures.js';
import { PlainPdq } from './plain-pdq.js';
import { ReferenceCore } from './reference-core.js';

const SIZES = [
  { name: '512 × 512', width: 512, height: 512, operations: 40 },
  { name: '1080p', width: 1_920, height: 1_080, operations: 8 },
  { name: '12 MP', width: 4_000, height: 3_000, operations: 1 },
] as const;

/**
 * PDQ of decoded pixels against the reference core's way of working, in C++ where there is a compiler and in plain
 * TypeScript; and how far the fast mode, which decodes large JPEGs at a smaller scale, is from the faithful one.
 */
export const pdqBench: Bench = async ({ rounds = 9, progress }) => {
  const hasher = await PdqHasher.create();
  const rows: BenchRow[] = [];
  for (const size of SIZES) {
    progress?.(`PDQ, ${size.name}`);
    rows.push(...(await measure(hasher, size, rounds)));
  }
  progress?.('PDQ, fast against faithful');
  rows.push(...(await distances(hasher)));
  return rows;
};

async function measure(
  hasher: PdqHasher,
  { name, width, height, operations }: (typeof SIZES)[number],
  rounds: number,
): Promise<BenchRow[]> {
  const data = photographLike(width, height, 4);
  const pixels: Pixels = { data, width, height, channels: 3 };
  const plain = new PlainPdq(width, height);
  const core = ReferenceCore.start(data, width, height);
  try {
    const own = hasher.hash(pixels, 'faithful').hashes.subarray(0, 32);
    const others = [plain.hash(data), ...(core === undefined ? [] : [Buffer.from((await core.run(1)).hash, 'hex')])];
    if (others.some((hash) => hammingDistance(hash, own) !== 0)) throw new Error('The hashes are not the same.');
    const repeat = (times: number, act: () => unknown) => () => {
      for (let i = 0; i < times; i++) act();
      return times;
    };
    const coreTimes: number[] = [];
    // A few more operations in the quick contenders, so that each has about as long to run.
    const { faithful, fast, typescript } = await interleave(rounds, {
      core: async () => {
        if (core !== undefined) coreTimes.push((await core.run(operations)).ms);
        return operations;
      },
      faithful: repeat(operations * 4, () => hasher.hash(pixels, 'faithful')),
      fast: repeat(operations * 8, () => hasher.hash(pixels, 'fast')),
      typescript: repeat(Math.ceil(operations / 4), () => plain.hash(data)),
    });
    const reference = core === undefined ? undefined : median(coreTimes);
    const against = reference === undefined ? 'plain TypeScript' : 'reference core, C++ -O3';
    const base = reference ?? typescript;
    return [
      ...(reference === undefined
        ? []
        : [{ what: `reference core in C++ -O3, ${name}`, value: reference, unit: 'ms' }]),
      { what: `the same in plain TypeScript, ${name}`, value: typescript, unit: 'ms' },
      {
        what: `faithful (eight dihedral hashes), ${name}`,
        value: faithful,
        unit: 'ms',
        ratio: base / faithful,
        against,
      },
      { what: `fast (eight dihedral hashes), ${name}`, value: fast, unit: 'ms', ratio: base / fast, against },
    ];
  } finally {
    core?.close();
  }
}

const DISTANCE_SIZES = [
  [640, 480],
  [1_280, 960],
  [1_920, 1_080],
  [1_620, 2_160],
  [3_000, 2_000],
] as const;
const PICTURES = 100;

/** Generated pictures as JPEGs, decoded whole and decoded at the scale of fast mode. */
async function distances(hasher: PdqHasher): Promise<BenchRow[]> {
  const found: number[] = [];
  for (let seed = 0; seed < PICTURES; seed++) {
    const [width, height] = DISTANCE_SIZES[seed % DISTANCE_SIZES.length] ?? [640, 480];
    const bytes = await toSharp(draw(width, height, seed + 1))
      .jpeg({ quality: 85 })
      .toBuffer();
    const hash = async (mode: 'faithful' | 'fast') => {
      const target = mode === 'fast' ? reducedSize({ format: 'jpeg', width, height }) : undefined;
      const image = sharp(bytes);
      if (target !== undefined) image.resize({ ...target, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: true });
      const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
      const source = target === undefined ? {} : { source: { width, height } };
      const pixels = { data, width: info.width, height: info.height, channels: 3 as const, ...source };
      return hasher.hash(pixels, mode).hashes.subarray(0, 32);
    };
    found.push(hammingDistance(await hash('faithful'), await hash('fast')));
  }
  const share = (limit: number) => (100 * found.filter((distance) => distance <= limit).length) / found.length;
  return [
    { what: 'fast within 6 bits of faithful, generated JPEGs', value: share(6), unit: '% of pictures' },
    { what: 'fast within 2 bits of faithful, generated JPEGs', value: share(2), unit: '% of pictures' },
    { what: 'fast from faithful, worst of 100', value: quantile(found, 1), unit: 'bits' },
  ];
}
