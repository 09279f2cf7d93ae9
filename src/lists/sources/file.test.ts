import { appendFile, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signalText } from '../testing/read-records.js';
import { file } from './file.js';
import { iwf } from './iwf.js';
import type { SnapshotSource } from './source.js';
import { loopbackHouse } from './testing/loopback.js';
import { take } from './testing/read-snapshot.js';

const list = (...seeds: readonly number[]) => `id,md5\n${seeds.map((n) => `e${n},${signalText('md5', n)}\n`).join('')}`;
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const ids = (taken: Awaited<ReturnType<typeof take>>) => taken?.records.map(({ id }) => id);

describe('a list as a file', () => {
  let root: string;
  let path: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-file-'));
    path = join(root, 'known.csv');
  });
  afterEach(async () => await rm(root, { recursive: true, force: true }));

  const open = (settle = 0): SnapshotSource => {
    const settings = file.settings.parse({ path, settleSeconds: settle });
    return file.open(settings, undefined, loopbackHouse()) as SnapshotSource;
  };

  it('is taken in whole when its content has changed, and not when it was only touched', async () => {
    await writeFile(path, list(1, 2, 3));
    const first = await take(open());
    expect(ids(first)).toEqual(['e1', 'e2', 'e3']);
    expect(await take(open(), first?.checkpoint)).toBeUndefined();
    await utimes(path, new Date(), new Date('2026-01-01'));
    expect(await take(open(), first?.checkpoint)).toBeUndefined();
    await writeFile(path, list(1, 3));
    expect(ids(await take(open(), first?.checkpoint))).toEqual(['e1', 'e3']);
    await writeFile(`${path}.new`, list(3));
    await rename(`${path}.new`, path);
    expect(ids(await take(open(), first?.checkpoint))).toEqual(['e3']);
  });

  it('tells a change that leaves size and time as they were, while these are fresh', async () => {
    await writeFile(path, list(1));
    const time = new Date();
    await utimes(path, time, time);
    const first = await take(open());
    await writeFile(path, list(2));
    await utimes(path, time, time);
    expect(ids(await take(open(), first?.checkpoint))).toEqual(['e2']);
  });

  it('is waited for while it is being written', async () => {
    await writeFile(path, list(1));
    const first = await take(open());
    await appendFile(path, 'e2,');
    const taking = take(open(1), first?.checkpoint);
    await sleep(100);
    await appendFile(path, `${signalText('md5', 2)}\n`);
    await expect(taking).rejects.toEqual(code('source-unreachable'));
    expect(ids(await take(open(), first?.checkpoint))).toEqual(['e1', 'e2']);
  });

  it('does not say that all was withdrawn when it is away, empty or something else', async () => {
    await expect(take(open())).rejects.toEqual(code('source-unreachable'));
    await writeFile(path, '');
    await expect(take(open())).rejects.toEqual(code('source-malformed'));
    path = root;
    await expect(take(open())).rejects.toEqual(code('source-refused'));
    expect(file.settings.safeParse({ path: 'known.csv' }).success).toBe(false);
  });

  it('stops waiting when it is told to', async () => {
    await writeFile(path, list(1));
    const stop = new AbortController();
    const taking = open(600).fetch(undefined, stop.signal, async () => true);
    stop.abort(new Error('stopped'));
    await expect(taking).rejects.toThrow('stopped');
  });

  describe('of the IWF', () => {
    const hash = (n: number) => signalText('md5', n);
    const read = async (text: string, more: object) => {
      await writeFile(path, text);
      const settings = iwf.settings.parse({ path, settleSeconds: 0, ...more });
      const taken = await take(iwf.open(settings, {}, loopbackHouse()) as SnapshotSource);
      return taken?.records.map(({ id, grade, signals }) => `${id} ${grade} ${signals.length}`);
    };
    const csv = [
      'Ref;Hash;Severity;Type',
      `1;${hash(1)};Category A;Image`,
      `2;${hash(2)};2;VIDEO`,
      `3;${hash(3)};c;NPI`,
      `4;${hash(4)};Prohibited; npi`,
      `5;not a hash;B;`,
    ].join('\n');
    const map = { Ref: 'id', Hash: 'md5', Severity: 'grade', Type: 'kind' };

    it('takes photographs and other images apart, and says the grades A, B and C', async () => {
      const declared = { map, grades: { 2: 'B' }, nonPhotographic: ['NPI'] };
      expect(await read(csv, declared)).toEqual(['1 A 1', '2 B 1', '5 B 0']);
      expect(await read(csv, { ...declared, take: 'non-photographic' })).toEqual(['3 C 1', '4 Prohibited 1']);
      expect(await read(csv, { ...declared, take: 'all' })).toHaveLength(5);
    });

    it('takes JSON lines and VICS in the same way', async () => {
      const jsonl = [1, 2].map((n) =>
        JSON.stringify({ Ref: `${n}`, Hash: hash(n), Severity: 'C', Type: n === 1 ? 'x' : 'NPI' }),
      );
      expect(await read(jsonl.join('\n'), { map, nonPhotographic: ['npi'] })).toEqual(['1 C 1']);
      const vics = JSON.stringify({
        'odata.metadata': 'http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media',
        value: [1, 2].map((n) => ({ MediaID: n, Category: n, MD5: hash(n).toUpperCase() })),
      });
      const declared = { field: 'grade', nonPhotographic: ['2'], map: {} };
      expect(await read(vics, { ...declared, grades: { 1: 'A' } })).toEqual(['1 A 1']);
    });

    it('must be told what the columns are and what is not photographic', () => {
      const settings = { path, map, nonPhotographic: [] };
      expect(iwf.settings.safeParse(settings).success).toBe(true);
      for (const wrong of [
        { path, map },
        { path, nonPhotographic: [] },
        { ...settings, take: 'non-photographic' },
        { ...settings, url: 'https://iwf.example/list.csv' },
        { map, nonPhotographic: [] },
      ]) {
        expect(iwf.settings.safeParse(wrong).success).toBe(false);
      }
      expect([iwf.everySeconds, iwf.staleSeconds]).toEqual([43_200, 172_800]);
    });
  });
});
