import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { seeded } from '../src/index/testing/random.js';
import { loadListFile } from '../src/lists/ephemeral.js';
import { reducedSize } from '../src/media/decode-sharp.js';
import { MediaPool } from '../src/media/pool.js';
import { Scanner } from '../src/scan/scanner.js';
import type { Verdict } from '../src/scan/verdict.js';
import { encodeHex } from '../src/signals/text-decoding.js';
import { type Bench, type BenchRow, interleave, median } from './harness.js';
import { photographLikeJpeg } from './pictures.js';

const SIZES = [
  { name: '512 × 512', width: 512, height: 512, operations: 8 },
  { name: '1080p', width: 1_920, height: 1_080, operations: 4 },
  { name: '12 MP', width: 4_000, height: 3_000, operations: 2 },
] as const;
const STAGES = ['read', 'wait', 'decode', 'hash', 'lookup'] as const;

/**
 * A JPEG from bytes to verdict, through the sandboxed decoder and a list, as a multiple of its bare decode by the same
 * library at the scale that fast mode uses. Nothing is cached: every medium is looked at anew.
 */
export const scanBench: Bench = async ({ entries = 100_000, rounds = 9, progress }) => {
  progress?.(`scan: making a list of ${entries} entries`);
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  const path = join(folder, 'bench.csv');
  await writeFile(path, randomList(entries));
  const limits = { maxPixels: 1e8, maxFrames: 300, timeoutMs: 20_000, memoryBytes: 1.5 * 2 ** 30, queueLimit: 16 };
  const pool = new MediaPool({ processes: 1, ...limits });
  const lists = await loadListFile(path);
  try {
    await pool.start();
    const scanner = new Scanner({ lists, pool, maximumBytes: 1e8, cacheBytes: 0 });
    const rows: BenchRow[] = [];
    for (const size of SIZES) {
      progress?.(`scan, ${size.name}`);
      rows.push(...(await measure(scanner, size, rounds)));
    }
    return rows;
  } finally {
    await pool.close();
    await lists.close();
    await rm(folder, { recursive: true });
  }
};

async function measure(
  scanner: Scanner,
  { name, width, height, operations }: (typeof SIZES)[number],
  rounds: number,
): Promise<BenchRow[]> {
  const bytes = await photographLikeJpeg(width, height, 6);
  const verdicts: Verdict[] = [];
  const decode = async () => {
    const target = reducedSize({ format: 'jpeg', width, height });
    const image = sharp(bytes, { ignoreIcc: true });
    if (target !== undefined) image.resize({ ...target, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: true });
    await image.raw().toBuffer();
  };
  // The libraries and the compiled code of both processes are warm before anything is measured.
  for (let i = 0; i < 10; i++) {
    await decode();
    await scanner.scan(bytes);
  }
  const single: { readonly bare: number[]; readonly scan: number[] } = { bare: [], scan: [] };
  const timed = async (times: number[], act: () => Promise<unknown>) => {
    const start = performance.now();
    await act();
    times.push(performance.now() - start);
  };
  const { bare, scan } = await interleave(rounds, {
    bare: async () => {
      for (let i = 0; i < operations; i++) await timed(single.bare, decode);
      return operations;
    },
    scan: async () => {
      for (let i = 0; i < operations; i++) {
        await timed(single.scan, async () => verdicts.push(await scanner.scan(bytes)));
      }
      return operations;
    },
  });
  const [bareBest, scanBest] = [Math.min(...single.bare), Math.min(...single.scan)];
  if (verdicts.some(({ verdict, ms }) => verdict !== 'no-match' || ms['decode'] === undefined)) {
    throw new Error('A picture was not looked at.');
  }
  const stage = (key: string) => median(verdicts.map(({ ms }) => ms[key] ?? 0));
  return [
    { what: `bare decode at the scale of fast mode, ${name}`, value: bare, unit: 'ms' },
    {
      what: `from bytes to verdict, ${name}`,
      value: scan,
      unit: 'ms',
      ratio: scan / bare,
      against: 'bare decode (multiple)',
    },
    // A scan takes turns between two processes, which a busy machine delays more than one that decodes alone.
    {
      what: `from bytes to verdict, quickest, ${name}`,
      value: scanBest,
      unit: 'ms',
      ratio: scanBest / bareBest,
      against: 'quickest bare decode (multiple)',
    },
    ...STAGES.map((key) => ({ what: `of it ${key}, ${name}`, value: stage(key), unit: 'ms' })),
  ];
}

function randomList(entries: number): string {
  const random = seeded(12);
  const lines = ['id,pdq'];
  const bytes = new Uint8Array(32);
  for (let i = 0; i < entries; i++) {
    for (let at = 0; at < 32; at++) bytes[at] = random() * 256;
    lines.push(`bench-${i},${encodeHex(bytes)}`);
  }
  return `${lines.join('\n')}\n`;
}
