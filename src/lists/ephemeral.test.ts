import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signalType } from '../signals/signal-types.js';
import { loadListFile } from './ephemeral.js';
import { signalText } from './testing/read-records.js';

describe('lists of one command', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const pdq = (seed: number) => signalType('pdq').parse(signalText('pdq', seed));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-ephemeral-'));
    await writeFile(file('one.csv'), `id,pdq,grade\na,${signalText('pdq', 1)},B\nb,bad,\n`);
    await writeFile(file('two.jsonl.gz'), gzipSync(JSON.stringify({ id: 'c', pdq: signalText('pdq', 2) })));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('loads several files, and says what it left out', async () => {
    const said: string[] = [];
    const lists = await loadListFile([file('one.csv'), file('two.jsonl.gz')], { onReport: (text) => said.push(text) });
    expect(said).toEqual(['one: left out 1 malformed-signal, first on line 3; 1 no-usable-signal, first on line 3']);
    const [hit] = lists.lookup('pdq', pdq(1)).hits;
    expect(lists.describe(hit!.segment)).toMatchObject({ name: 'one', version: 1 });
    expect(await hit?.segment.entry(hit.row)).toMatchObject({ id: 'a', grade: 'B' });
    expect(lists.lookup('pdq', pdq(2)).hits[0]?.segment.list).toBe('two');
    expect(lists.lookup('pdq', pdq(3)).hits).toEqual([]);
    expect(lists.reports.get('one')).toMatchObject({ accepted: 1, rejectedRecords: 1 });
    await lists.close();
  });

  it('names the file that cannot be read', async () => {
    await expect(loadListFile(file('none.csv'))).rejects.toMatchObject({
      code: 'file-not-readable',
      detail: 'none: ENOENT',
    });
  });
});
