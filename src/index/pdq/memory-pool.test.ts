import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryPool } from './memory-pool.js';

const MB = 2 ** 20;
const code = (code: string) => expect.objectContaining({ code });

describe('MemoryPool', () => {
  it('uses a memory again for what needs as much or a little less', () => {
    const pool = new MemoryPool();
    const first = pool.acquire(10 * MB);
    const held = pool.bytes;
    pool.release(first);
    for (const bytes of [10 * MB, 9 * MB, 4 * MB]) {
      const again = pool.acquire(bytes);
      expect(again).toBe(first);
      pool.release(again);
    }
    expect(pool.bytes).toBe(held);
    expect(held).toBeLessThan(12 * MB);
  });

  it('grows a waiting memory instead of making another', () => {
    const pool = new MemoryPool();
    const small = pool.acquire(2 * MB);
    new Uint8Array(small.buffer)[7] = 3;
    pool.release(small);
    const large = pool.acquire(8 * MB);
    expect(large).toBe(small);
    expect(large.buffer.byteLength).toBeGreaterThanOrEqual(8 * MB);
    expect(pool.bytes).toBe(large.buffer.byteLength);
  });

  it('never gives one memory to two, and counts what it has', () => {
    const step = fc.oneof(fc.integer({ min: 1, max: 3 * MB }), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const pool = new MemoryPool();
        const all = new Set<WebAssembly.Memory>();
        const used: WebAssembly.Memory[] = [];
        for (const bytes of steps) {
          if (bytes === undefined) {
            const oldest = used.shift();
            if (oldest) pool.release(oldest);
            continue;
          }
          const memory = pool.acquire(bytes);
          expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(bytes);
          expect(used).not.toContain(memory);
          used.push(memory);
          all.add(memory);
        }
        expect(pool.bytes).toBe([...all].reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
      }),
      { numRuns: 50, seed: 9 },
    );
  });

  it('keeps to its limit, and gives a waiting memory that is too large rather than nothing', () => {
    const pool = new MemoryPool({ limit: 20 * MB });
    const large = pool.acquire(16 * MB);
    expect(() => pool.acquire(8 * MB)).toThrowError(code('memory-exhausted'));
    pool.release(large);
    pool.release(large);
    expect(pool.acquire(MB)).not.toBe(large);
    expect(pool.acquire(3.5 * MB)).toBe(large);
    expect(() => pool.acquire(8 * MB)).toThrowError(code('memory-exhausted'));
    expect(() => new MemoryPool().acquire(2 ** 32 + 1)).toThrowError(code('memory-exhausted'));
  });
});
