import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** FAISS's exact binary indexes: a full scan, and multi-index hashing with 16 tables of 16 bits and one flip. */
export type FaissIndex = 'flat' | 'multihash';

interface Answer {
  readonly seconds: number;
  readonly hits: readonly number[];
}

/** FAISS in a Python process of its own (Debian: python3-faiss), on the same hashes and queries. */
export class Faiss implements AsyncDisposable {
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, folder: string, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.#folder = folder;
    this.version = version;
  }

  static installed(): boolean {
    return spawnSync('/usr/bin/python3', ['-c', 'import faiss'], { stdio: 'ignore', timeout: 60_000 }).status === 0;
  }

  /** @param threshold greatest distance that counts */
  static async start(hashes: Uint8Array, queries: Uint8Array, threshold: number): Promise<Faiss> {
    const folder = await mkdtemp(join(tmpdir(), 'vigie-faiss-'));
    const [a, b] = [join(folder, 'hashes'), join(folder, 'queries')];
    await writeFile(a, hashes);
    await writeFile(b, queries);
    const child = spawn('/usr/bin/python3', [script(), a, b, String(threshold)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const { version } = JSON.parse((await lines.next()).value as string) as { version: string };
    return new Faiss(child, lines, folder, version);
  }

  /** Searches the first `count` queries. @returns seconds, and how many hits each has */
  async search(index: FaissIndex, count: number): Promise<Answer> {
    this.#child.stdin?.write(`${index} ${count}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('FAISS has ended.');
    return JSON.parse(value as string) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The script lies beside the sources, also when this runs compiled. */
function script(): string {
  const up = import.meta.url.includes('/dist/') ? '../../bench/' : './';
  return fileURLToPath(new URL(`${up}faiss-search.py`, import.meta.url));
}
