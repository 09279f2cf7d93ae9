import { ERRORS, VigieError } from '../../src/errors.js';
import type { MediaSignals } from '../../src/media/media-signals.js';
import { MediaPool } from '../../src/media/pool.js';
import { draw, SAMPLES } from '../media-samples.js';
import { mutated } from './mutate.js';
import type { SoakPart } from './part.js';

const MEMORY_BYTES = 2 ** 30;
const IN_FLIGHT = 3;
/** Media from which the memory of the service is compared: by then everything is warm. */
const WARM = 0.25;
/** What the service may hold more at the end; a leak of a kilobyte a medium would be more. */
const LEAK_BYTES = 32 * 2 ** 20;

/**
 * Damaged media through real decoder processes. Each must be answered with signals or with a coded error of its own;
 * processes that are lost must be replaced, and no process may hold more than its limit.
 */
export const mutatedMedia: SoakPart = async ({ count, seed, progress }) => {
  const seeds = await seedFiles();
  const limits = { maxPixels: 5e7, maxFrames: 50, timeoutMs: 10_000, memoryBytes: MEMORY_BYTES, queueLimit: 16 };
  const pool = new MediaPool({ processes: 2, ...limits });
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  const memory: number[] = [];
  let peak = 0;
  let next = 0;
  const watch = setInterval(() => {
    for (const { residentBytes } of pool.processes) peak = Math.max(peak, residentBytes);
  }, 20);
  const worker = async () => {
    while (next < count) {
      const number = next++;
      const outcome = await one(pool, mutated(seeds, seed + number));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome.startsWith('wrong')) failures.push(`medium ${seed + number}: ${outcome}`);
      if (number % 100 === 99) {
        memory.push(settledBytes());
        progress(`mutated media: ${number + 1} of ${count}`);
      }
    }
  };
  const start = performance.now();
  try {
    await pool.start();
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    const whole = await pool.hash(seeds[0] ?? new Uint8Array(), { mode: 'fast' });
    if (whole.hashes.length === 0) failures.push('a whole picture was not hashed at the end');
  } finally {
    clearInterval(watch);
    await pool.close();
  }
  const seconds = (performance.now() - start) / 1_000;
  const warm = memory.slice(Math.floor(memory.length * WARM));
  const growth = average(warm.slice(-Math.ceil(warm.length / 3))) - average(warm.slice(0, Math.ceil(warm.length / 3)));
  if (growth > LEAK_BYTES) failures.push(`the service grew by ${megabytes(growth)}`);
  if (peak > MEMORY_BYTES * 1.25) failures.push(`a decoder held ${megabytes(peak)}`);
  const sorted = [...outcomes].sort(([, a], [, b]) => b - a);
  return {
    rows: [
      { what: 'mutated media', value: `${count} from ${seeds.length} seeds, ${seconds.toFixed(0)} s` },
      ...sorted.map(([outcome, times]) => ({ what: `answered: ${outcome}`, value: String(times) })),
      { what: 'decoders that were lost and replaced', value: String(pool.restarts) },
      { what: 'growth of the service once warm', value: megabytes(growth) },
      { what: 'largest decoder', value: `${megabytes(peak)} of ${megabytes(MEMORY_BYTES)} allowed` },
    ],
    failures,
  };
};

/** One small file of every format and colour mode, and some of an uneven size. */
async function seedFiles(): Promise<Uint8Array[]> {
  const files: Uint8Array[] = [];
  for (const [i, write] of Object.values(SAMPLES).entries()) files.push(await write(draw(160 + i, 120, i + 1)));
  return files;
}

/** What became of a medium, in a few words; `wrong` when it is nothing that may be. */
async function one(pool: MediaPool, bytes: Uint8Array): Promise<string> {
  try {
    return judge(await pool.hash(bytes, { mode: 'fast' }));
  } catch (error) {
    if (error instanceof VigieError && ERRORS[error.code].status === 422) return error.code;
    return `wrong: ${error instanceof Error ? error.name : 'something else'} thrown`;
  }
}

function judge({ kind, hashes, incomplete, framesHashed, width = 0, height = 0 }: MediaSignals): string {
  if (kind === 'other') return hashes.length === 0 ? 'signals, no picture' : 'wrong: hashes of no picture';
  const sound = hashes.every(({ pdq, quality }) => pdq.length === 256 && quality >= 0 && quality <= 100);
  if (!sound || hashes.length === 0 || framesHashed === 0 || width === 0 || height === 0) return 'wrong: empty signals';
  return incomplete === null ? 'signals' : `signals, and ${incomplete}`;
}

/** Bytes that this process holds after its garbage is gone, as far as that can be asked for. */
function settledBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
