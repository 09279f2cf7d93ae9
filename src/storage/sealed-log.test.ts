import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Keyring } from './keyring.js';
import { HEADER_BYTES } from './sealed-header.js';
import { SealedLog } from './sealed-log.js';

const keyring = new Keyring([randomBytes(32)], 'environment');

describe('a sealed log', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vigie-log-'));
    path = join(directory, 'log');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const opened = (keys = keyring): Promise<SealedLog> => SealedLog.open(path, keys, 'test');

  async function records(log: SealedLog): Promise<string[]> {
    const texts = [];
    for await (const record of log.records()) texts.push(Buffer.from(record).toString());
    return texts;
  }

  /** Three frames; returns where each begins. */
  async function threeFrames(): Promise<number[]> {
    const log = await opened();
    const starts = [];
    for (const text of ['one', 'two', 'three']) {
      starts.push(log.size);
      await log.append(Buffer.from(text));
    }
    await log.close();
    return starts;
  }

  it('keeps what is appended, in order', async () => {
    const log = await opened();
    await log.append(Buffer.from('one'));
    await log.append(new Uint8Array(0));
    const many = Array.from({ length: 500 }, (_, index) => `record ${index}`);
    const before = log.size;
    await Promise.all(many.map((text) => log.append(Buffer.from(text))));
    // One frame for all that were appended together.
    expect(log.size - before).toBe(28 + 16 + many.join('').length + 4 * many.length);
    expect(await records(log)).toEqual(['one', '', ...many]);
    await log.close();
    const again = await opened();
    expect(again.cut).toBe(0);
    await again.append(Buffer.from('last'));
    expect((await records(again)).slice(-2)).toEqual(['record 499', 'last']);
    await again.close();
  });

  it('splits what is too much for one frame', async () => {
    const log = await opened();
    const large = Array.from({ length: 5 }, (_, index) => String(index).repeat(600_000));
    await Promise.all(large.map((text) => log.append(Buffer.from(text))));
    expect(await records(log)).toEqual(large);
    expect(() => log.append(new Uint8Array(2 ** 20 + 1))).toThrow(RangeError);
    await log.append(new Uint8Array(2 ** 20));
    await log.close();
    const again = await opened();
    expect(again.cut).toBe(0);
    await again.close();
  });

  it('cuts a torn end at any place and goes on', async () => {
    const starts = await threeFrames();
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.byteLength }), async (length) => {
        await writeFile(path, whole.subarray(0, length));
        const log = await opened();
        const kept = starts.filter((_, index) => (starts[index + 1] ?? whole.byteLength) <= length).length;
        expect(await records(log)).toEqual(['one', 'two', 'three'].slice(0, kept));
        const end = length < HEADER_BYTES ? 0 : (starts[kept] ?? whole.byteLength);
        expect(log.cut).toBe(length - end);
        await log.append(Buffer.from('new'));
        await log.close();
        const again = await opened();
        expect((await records(again)).at(-1)).toBe('new');
        await again.close();
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('cuts an end that was only reserved or is half garbage', async () => {
    const starts = await threeFrames();
    const whole = await readFile(path);
    const garbled = Buffer.from(whole);
    randomBytes(20).copy(garbled, starts[2]! + 10);
    const zeros = Buffer.concat([whole.subarray(0, starts[2]), Buffer.alloc(4096)]);
    for (const bytes of [garbled, zeros]) {
      await writeFile(path, bytes);
      const log = await opened();
      expect(await records(log)).toEqual(['one', 'two']);
      await log.close();
    }
  });

  it('does not mistake damage in the middle for a torn end', async () => {
    const starts = await threeFrames();
    const whole = await readFile(path);
    for (const place of [0, 5, 9, 20, 30]) {
      const damaged = Buffer.from(whole);
      damaged[starts[1]! + place]! ^= 0x40;
      await writeFile(path, damaged);
      await expect(opened()).rejects.toMatchObject({ code: 'seal-damaged' });
    }
    expect((await stat(path)).size).toBe(whole.byteLength);
    await writeFile(path, Buffer.concat([whole.subarray(0, starts[1]), whole.subarray(starts[2])]));
    await expect(opened()).rejects.toMatchObject({ code: 'seal-damaged' });
  });

  it('opens only with its key', async () => {
    await threeFrames();
    const stranger = new Keyring([randomBytes(32)], 'environment');
    await expect(opened(stranger)).rejects.toMatchObject({ code: 'seal-key-wrong' });
    await expect(SealedLog.open(path, keyring, 'other')).rejects.toMatchObject({ code: 'seal-damaged' });
    const whole = await readFile(path);
    for (const place of [2, 12, 30, 60]) {
      const damaged = Buffer.from(whole);
      damaged[place]! ^= 1;
      await writeFile(path, damaged);
      await expect(opened()).rejects.toMatchObject({ code: 'seal-damaged' });
      expect((await stat(path)).size).toBe(whole.byteLength);
    }
    await writeFile(path, Buffer.alloc(HEADER_BYTES));
    const log = await opened();
    expect(await records(log)).toEqual([]);
    await log.close();
  });

  it('tells a full disk and can be used again', async () => {
    const log = await opened();
    await log.append(Buffer.from('before'));
    const probe = await open(path, 'r');
    const prototype = Object.getPrototypeOf(probe) as { datasync: () => Promise<void> };
    await probe.close();
    const { datasync } = prototype;
    prototype.datasync = async () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    try {
      await expect(log.append(Buffer.from('lost'))).rejects.toMatchObject({ code: 'disk-full' });
    } finally {
      prototype.datasync = datasync;
    }
    await log.append(Buffer.from('after'));
    expect(await records(log)).toEqual(['before', 'after']);
    await log.close();
    const again = await opened();
    expect(await records(again)).toEqual(['before', 'after']);
    await again.close();
  });
});
