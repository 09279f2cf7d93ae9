import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The same hashes in the reference's way of working, compiled by this machine's C++ compiler. */
export class ReferenceCore {
  readonly #folder: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  private constructor(folder: string, child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#folder = folder;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
  }

  /** @returns undefined where there is no C++ compiler */
  static start(rgb: Uint8Array, width: number, height: number): ReferenceCore | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-'));
    const program = buildReference(folder);
    if (program === undefined) {
      rmSync(folder, { recursive: true });
      return undefined;
    }
    const pixels = join(folder, 'pixels');
    writeFileSync(pixels, rgb);
    const child = spawn(program, [String(width), String(height), pixels], { stdio: ['pipe', 'pipe', 'ignore'] });
    return new ReferenceCore(folder, child);
  }

  /** Hashes the picture so often. @returns the mean milliseconds and the hash as text */
  async run(times: number): Promise<{ readonly ms: number; readonly hash: string }> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin.write(`${times}\n`);
    const [line] = (await answer) as [string];
    const [ms = '', hash = ''] = line.split(' ');
    return { ms: Number(ms), hash };
  }

  close(): void {
    this.#child.kill();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Compiles the reference core into a folder. @returns the path of the program; undefined where there is no C++ compiler */
export function buildReference(folder: string): string | undefined {
  const program = join(folder, 'reference');
  const built = spawnSync('g++', ['-O3', '-ffp-contract=off', '-o', program, sourcePath()], { stdio: 'ignore' });
  return built.status === 0 ? program : undefined;
}

/** The source stays beside the TypeScript; the compiled bench runs from `dist/bench/`. */
function sourcePath(): string {
  const here = fileURLToPath(new URL('./reference-pdq.cpp', import.meta.url));
  return existsSync(here) ? here : fileURLToPath(new URL('../../bench/reference-pdq.cpp', import.meta.url));
}
