import { describe, expect, it } from 'vitest';
import { randomBytes, seeded } from '../testing/random.js';
import { PdqHits } from './pdq-hits.js';
import { PdqTable } from './pdq-table.js';

function tableOf(hashes: Uint8Array): PdqTable {
  const pages = Math.ceil(PdqTable.bytesFor(hashes.length / 32, true) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  return PdqTable.build(hashes, memory, 0, true);
}

describe('PdqTable', () => {
  it('finds what a scan finds', () => {
    const random = seeded(1);
    const table = tableOf(randomBytes(random, 32 * 3000));
    const [found, expected] = [new PdqHits(), new PdqHits()];
    for (let threshold = 0; threshold <= 64; threshold++) {
      const query = table.hash(threshold).slice();
      query[threshold % 32]! ^= 0x55;
      table.search(query, threshold, found);
      table.scanSearch(query, threshold, expected);
      expect([...found.indexes.subarray(0, found.count)].sort()).toEqual(
        [...expected.indexes.subarray(0, expected.count)].sort(),
      );
    }
  });
});
