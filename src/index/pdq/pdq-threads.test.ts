import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { randomBytes, seeded } from '../testing/random.js';
import { PdqHits } from './pdq-hits.js';
import { PdqTable } from './pdq-table.js';

const QUERIES = 3000;

/** Searches in a thread of its own, by the built code. */
const SEARCHER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { memory, layout, queries, folder } = workerData;
  Promise.all(['pdq-table.js', 'pdq-hits.js'].map((file) => import(folder + file))).then(([{ PdqTable }, { PdqHits }]) => {
    const table = PdqTable.attach(memory, layout);
    const hits = new PdqHits();
    const found = [];
    for (let at = 0; at < queries.length; at += 32) found.push(table.search(queries.subarray(at, at + 32), 31, hits));
    parentPort.postMessage(found);
  });
`;

describe('a PDQ table in shared memory', () => {
  it('is searched by several threads at once, each with its own answers', async () => {
    const random = seeded(12);
    const count = 20_000;
    const hashes = randomBytes(random, count * 32);
    const pages = Math.ceil(PdqTable.bytesFor(count, true) / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const table = PdqTable.build(hashes, memory, 0, true);
    const { layout } = table;
    const folder = new URL('../../../dist/src/index/pdq/', import.meta.url).href;
    const makeQueries = (): Uint8Array => {
      const queries = randomBytes(random, QUERIES * 32);
      for (let i = 0; i < QUERIES; i += 2) {
        const at = Math.floor(random() * count) * 32;
        queries.set(hashes.subarray(at, at + 32), i * 32);
        for (let k = 0; k < i % 32; k++) queries[i * 32 + k]! ^= 1 << (k & 7);
      }
      return queries;
    };
    const sets = [makeQueries(), makeQueries(), makeQueries()];
    const answers = sets.slice(1).map(
      (queries) =>
        new Promise<number[]>((resolve, reject) => {
          const workerData = { memory, layout, queries, folder };
          const worker = new Worker(SEARCHER, { eval: true, workerData });
          worker.once('message', resolve);
          worker.once('error', reject);
          worker.once('exit', (code) => reject(new Error(`The thread ended with ${code}.`)));
        }),
    );
    const hits = new PdqHits();
    const search = (queries: Uint8Array, by: 'search' | 'scanSearch'): number[] =>
      Array.from({ length: QUERIES }, (_, i) => table[by](queries.subarray(i * 32, i * 32 + 32), 31, hits));
    let done = false;
    const theirs = Promise.all(answers).finally(() => {
      done = true;
    });
    const expected = search(sets[0]!, 'scanSearch');
    while (!done) {
      expect(search(sets[0]!, 'search')).toEqual(expected);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [i, found] of (await theirs).entries()) expect(found).toEqual(search(sets[i + 1]!, 'scanSearch'));
  }, 60_000);
});
