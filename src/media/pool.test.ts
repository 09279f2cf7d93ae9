import { existsSync, openSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { entryPoint } from '../runtime/entry-point.js';
import { MediaPool, type MediaPoolOptions } from './pool.js';

const MISBEHAVING = entryPoint(import.meta.url, './testing/misbehaving-worker.js');
const pools: MediaPool[] = [];

function poolOf(options: Partial<MediaPoolOptions> = {}): MediaPool {
  const base = { processes: 1, maxPixels: 1e8, maxFrames: 10, timeoutMs: 30_000, memoryBytes: 2 ** 30, queueLimit: 4 };
  const pool = new MediaPool({ ...base, entry: MISBEHAVING, ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const order = (text: string) => Buffer.from(text);
const fast = { mode: 'fast' } as const;
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
const alive = (pid: number | undefined) => pid !== undefined && existsSync(`/proc/${pid}`);

describe('a decoder that misbehaves', () => {
  it.each([
    ['hangs', 'hang', 'decoder-timeout'],
    ['never answers', 'sleep', 'decoder-timeout'],
    ['dies', 'die', 'decoder-crashed'],
    ['leaves', 'exit', 'decoder-crashed'],
    ['names an error that there is not', 'invent', 'decoder-crashed'],
    ['does not keep to the protocol', 'babble', 'decoder-crashed'],
    ['sends fewer hashes than it says', 'short', 'decoder-crashed'],
  ])('that %s is replaced, and only its own medium fails', async (_name, word, expected) => {
    const pool = poolOf(expected === 'decoder-timeout' ? { timeoutMs: 1_500 } : {});
    await pool.start();
    const [before] = pool.processes;
    const results = await Promise.all([
      code(pool.hash(order(word), fast)),
      pool.hash(order('fine1'), fast),
      pool.hash(order('fine2'), fast),
    ]);
    expect(results).toMatchObject([expected, { format: 'fine1' }, { format: 'fine2' }]);
    expect(pool.restarts).toBe(1);
    expect(alive(before?.pid)).toBe(false);
  });

  it.each([
    ['slowly', 'eat'],
    ['at once', 'gorge'],
  ])('that eats memory %s is ended', async (_name, word) => {
    const pool = poolOf({ memoryBytes: 250 * 2 ** 20 });
    expect(await code(pool.hash(order(word), fast))).toBe('decoder-memory');
    expect(await pool.hash(order('fine'), fast)).toMatchObject({ format: 'fine' });
  });
});

describe('the pool', () => {
  it('takes no more media than may wait', async () => {
    const pool = poolOf({ queueLimit: 2 });
    const taken = ['a', 'b', 'c', 'd', 'e'].map((name) => pool.hash(order(name), fast));
    const codes = await Promise.all(taken.map(code));
    // None runs yet when the fifth comes: the process is still starting.
    expect(codes).toEqual(['no error', 'no error', 'decoder-busy', 'decoder-busy', 'decoder-busy']);
  });

  it('gives a waiting medium up at once, and a running one soon', async () => {
    const pool = poolOf();
    await pool.start();
    const gone = new AbortController();
    const { promise: handedOver, resolve: onHandedOver } = deferred();
    const running = pool.hash(order('hang'), { ...fast, signal: gone.signal, onHandedOver });
    await handedOver;
    const waiting = pool.hash(order('waiting'), { ...fast, signal: gone.signal });
    const next = pool.hash(order('next'), fast);
    gone.abort(new Error('nobody waits'));
    await expect(running).rejects.toThrow('nobody waits');
    await expect(waiting).rejects.toThrow('nobody waits');
    expect(await next).toMatchObject({ format: 'next' });
    expect(pool.restarts).toBe(1);
    await expect(pool.hash(order('x'), { ...fast, signal: gone.signal })).rejects.toThrow('nobody waits');
  });

  it('keeps a decoder whose medium was given up when it ends by itself', async () => {
    const pool = poolOf();
    await pool.start();
    const gone = new AbortController();
    const { promise: handedOver, resolve: onHandedOver } = deferred();
    const running = pool.hash(order('quick'), { ...fast, signal: gone.signal, onHandedOver });
    await handedOver;
    gone.abort();
    await expect(running).rejects.toThrow();
    expect(await pool.hash(order('next'), fast)).toMatchObject({ format: 'next' });
    expect(pool.restarts).toBe(0);
  });

  it('drains when it is closed, even over a decoder that dies', async () => {
    const pool = poolOf();
    const results = ['one', 'die', 'two'].map((name) => pool.hash(order(name), fast).catch((error) => error));
    await pool.close();
    expect(await Promise.all(results)).toMatchObject([
      { format: 'one' },
      { code: 'decoder-crashed' },
      { format: 'two' },
    ]);
    expect(pool.processes).toEqual([]);
    expect(await code(pool.hash(order('late'), fast))).toBe('shutting-down');
  });

  it('ends its processes when it is closed', async () => {
    const pool = poolOf({ processes: 2 });
    await pool.start();
    const pids = pool.processes.map(({ pid }) => pid);
    expect(pids.map(alive)).toEqual([true, true]);
    await pool.close();
    expect(pids.map(alive)).toEqual([false, false]);
  });

  it('replaces a process after so many media', async () => {
    const pool = poolOf({ recycleAfter: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      expect(await pool.hash(order(name), fast)).toMatchObject({ format: name });
    }
    expect(pool.restarts).toBe(2);
  });

  it('lets nobody wait for ever for a program that does not start', { timeout: 120_000 }, async () => {
    const pool = poolOf({ entry: '/nowhere/at-all.js' });
    expect(await code(pool.start())).toBe('decoder-crashed');
    expect(await code(pool.hash(order('x'), fast))).toBe('decoder-crashed');
  });

  it('refuses a medium of no bytes without a decoder', async () => {
    const pool = poolOf();
    await expect(pool.hash(Buffer.alloc(0), fast)).rejects.toMatchObject({ code: 'media-empty' });
    expect(pool.processes).toEqual([]);
  });

  it('hands no descriptor of its own to a decoder', async () => {
    const inherited = openSync('/etc/hostname', 'r');
    expect(inherited).toBeGreaterThan(2);
    const pool = poolOf();
    const seen = await pool.hash(order('descriptors'), fast).catch((error) => error.detail);
    expect(seen.replace(/"|\[|\]/g, '')).toBe('socket:');
  });
});
