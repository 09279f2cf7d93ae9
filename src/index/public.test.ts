import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as index from './public.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

describe('vigie/index', () => {
  it('offers what a program needs to match on its own', () => {
    expect(Object.keys(index)).toEqual(
      expect.arrayContaining(['MatchIndex', 'MemoryFile', 'MemoryPool', 'PdqTable', 'Segment', 'SegmentBuilder']),
    );
  });

  it('imports nothing that a browser does not have, and nothing of the rest of Vigie', async () => {
    const files = (await readdir(folder, { recursive: true })).filter(
      (name) => name.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|\.generated\.ts$|^assembly/.test(name),
    );
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const source = await readFile(`${folder}${file}`, 'utf8');
      const outside = file
        .split('/')
        .map(() => '../')
        .join('');
      for (const [, from] of source.matchAll(/from '([^']+)'/g)) {
        const allowed =
          !from!.startsWith(outside) || from === `${outside}errors.js` || from!.startsWith(`${outside}signals/`);
        expect(from!.startsWith('.') && allowed, `${file} imports ${from}`).toBe(true);
      }
      expect(source, file).not.toMatch(/\bBuffer\b|\bprocess\./);
    }
  });
});
