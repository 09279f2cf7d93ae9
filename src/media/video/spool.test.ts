import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Spool } from './spool.js';

it('writes nothing once it is closed, whosever its number is by then', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-spool-test-'));
  const path = join(directory, 'victim');
  const spool = new Spool();
  await spool.append(Buffer.from('before'));
  const number = spool.descriptor;
  const writing = spool.append(Buffer.alloc(2 ** 20, 1));
  const closing = spool.close();
  await Promise.all([writing, closing]);
  // The lowest free number is given to the next file.
  const others: number[] = [];
  while (others.at(-1) !== number && others.length < 64) others.push(openSync(path, 'a+', 0o600));
  expect(others).toContain(number);
  await spool.append(Buffer.from('medium'));
  spool.clear();
  expect(readFileSync(path)).toHaveLength(0);
  for (const other of others) closeSync(other);
  rmSync(directory, { recursive: true });
});
