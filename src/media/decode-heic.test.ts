import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { draw, toSharp } from '../../bench/media-samples.js';
import { hammingDistance, hashHere, hashOf, hashOfPixels } from './testing/hash-here.js';

// No library of this project writes HEIC: Debian's libheif-examples does (apt-get install -y libheif-examples).
const folder = mkdtempSync(join(tmpdir(), 'vigie-heic-'));
afterAll(() => rmSync(folder, { recursive: true }));
const picture = draw(640, 480, 5);
const hash = hashOfPixels(picture.rgb, 640, 480);

function encode(png: Uint8Array, options: readonly string[] = []): Buffer | undefined {
  const [from, to] = [join(folder, 'in.png'), join(folder, 'out.heic')];
  writeFileSync(from, png);
  const ended = spawnSync('heif-enc', ['-q', '90', ...options, '-o', to, from], { stdio: 'ignore', timeout: 60_000 });
  return ended.status === 0 ? readFileSync(to) : undefined;
}

const sample = encode(await toSharp(picture).png().toBuffer());

describe.skipIf(sample === undefined)(`HEIC${sample === undefined ? ' (skipped: no heif-enc)' : ''}`, () => {
  const heic = sample ?? Buffer.alloc(0);

  it('is decoded in both modes', async () => {
    for (const mode of ['faithful', 'fast'] as const) {
      const signals = await hashHere(heic, mode);
      expect(signals).toMatchObject({ format: 'heic', width: 640, height: 480, frames: 1, incomplete: null });
      expect(hammingDistance(hashOf(signals), hash)).toBeLessThanOrEqual(6);
    }
  });

  it('that is cut short or damaged is refused by its code', async () => {
    await expect(hashHere(heic.subarray(0, heic.length / 2))).rejects.toMatchObject({ code: 'media-damaged' });
    await expect(hashHere(heic.subarray(0, 40))).rejects.toMatchObject({ code: 'media-damaged' });
  });

  it('of too many pixels is refused before it is decoded', async () => {
    await expect(hashHere(heic, 'fast', { maxPixels: 1_000 })).rejects.toMatchObject({ code: 'media-too-many-pixels' });
  });
});
