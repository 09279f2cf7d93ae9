import { cpus, totalmem } from 'node:os';

/** One measured figure. `ratio` says how many times better than `against` it is (or a plain multiple, as `what` says). */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly against?: string;
}

export interface BenchResult {
  readonly name: string;
  readonly machine: string;
  readonly rows: readonly BenchRow[];
}

export interface BenchOptions {
  /** How many list entries, where it applies. */
  readonly entries?: number;
  /** Interleaved rounds; at least nine for a published figure. */
  readonly rounds?: number;
  /** Told about each step, for a person who waits. */
  readonly progress?: (text: string) => void;
}

export type Bench = (options: BenchOptions) => Promise<readonly BenchRow[]>;

export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${memory} GiB, Node ${process.versions.node}`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share `q` (0 to 1) of the values lies, by the nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/**
 * Measures contenders side by side: each round runs every one of them once, in turn, so that what else the machine does
 * falls on all alike. A contender returns how many operations it did.
 * @returns for each contender the median milliseconds of one operation over all rounds
 */
export async function interleave<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => number | Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(contenders) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      const operations = await contenders[name]();
      times.get(name)?.push((performance.now() - start) / operations);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<Name, number>;
}
