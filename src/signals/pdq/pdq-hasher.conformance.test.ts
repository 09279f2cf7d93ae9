import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { conformance, conformanceNote, type PdqVector, readJson } from '../../../test/conformance.js';
import { encodeHex } from '../text-decoding.js';
import { DIHEDRAL_NAMES } from './dihedral.js';
import { hammingDistance } from './hamming-distance.js';
import { PdqHasher, type PdqResult } from './pdq-hasher.js';

const hex = ({ hashes }: PdqResult, i: number): string => encodeHex(hashes.subarray(i * 32, i * 32 + 32));
const dihedral = (result: PdqResult) => Object.fromEntries(DIHEDRAL_NAMES.map((name, i) => [name, hex(result, i)]));

function readPpm(path: string) {
  const bytes = readFileSync(path);
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString('latin1'));
  if (header === null) throw new Error('not a PPM');
  return {
    data: new Uint8Array(bytes.subarray(header[0].length)),
    width: Number(header[1]),
    height: Number(header[2]),
    channels: 3 as const,
  };
}

describe.skipIf(conformance === undefined)(`PDQ against the reference${conformanceNote}`, () => {
  let hasher: PdqHasher;
  beforeAll(async () => {
    hasher = await PdqHasher.create();
  });

  it('gives the reference’s hash, quality and dihedral hashes for given pixels', () => {
    const vectors = readJson<PdqVector[]>('pdq.json');
    const files = readdirSync(`${conformance}/pixels`).filter((name) => name.endsWith('.ppm'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const pixels = readPpm(`${conformance}/pixels/${file}`);
      const digest = createHash('sha256').update(pixels.data).digest('hex');
      const vector = vectors.find(({ pixels_sha256 }) => pixels_sha256 === digest);
      expect(vector, file).toBeDefined();
      const result = hasher.hash(pixels, 'faithful');
      expect({ file, quality: result.quality, dihedral: dihedral(result) }).toEqual({
        file,
        quality: vector?.quality,
        dihedral: vector?.dihedral,
      });
    }
  });

  it('gives the same for every picture whose decoded pixels are the reference’s', { timeout: 300_000 }, async () => {
    let same = 0;
    let other = 0;
    const wrong: string[] = [];
    const distances: number[] = [];
    for (const vector of readJson<PdqVector[]>('pdq.json')) {
      if (vector.decode !== 'ok' || vector.stored === false) continue;
      const decoded = await sharp(`${conformance}/${vector.file}`, { failOn: 'none' })
        .removeAlpha()
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true })
        .catch(() => undefined);
      if (decoded === undefined || decoded.info.channels !== 3) continue;
      const { width, height } = decoded.info;
      if (Math.min(width, height) < 5) {
        const tiny = { data: decoded.data, width, height, channels: 3 as const };
        expect(() => hasher.hash(tiny, 'faithful')).toThrow(expect.objectContaining({ code: 'media-too-small' }));
        continue;
      }
      const pixels = { data: new Uint8Array(decoded.data), width, height, channels: 3 as const };
      if (createHash('sha256').update(pixels.data).digest('hex') !== vector.pixels_sha256) {
        other++;
        continue;
      }
      same++;
      const result = hasher.hash(pixels, 'faithful');
      if (result.quality !== vector.quality || JSON.stringify(dihedral(result)) !== JSON.stringify(vector.dihedral)) {
        wrong.push(vector.file);
      }
      if (vector.quality >= 50 && vector.tie_sensitive !== true) {
        const fast = hasher.hash(pixels, 'fast');
        distances.push(hammingDistance(fast.hashes.subarray(0, 32), result.hashes.subarray(0, 32)));
      }
    }
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(150);
    expect(same).toBeGreaterThan(other);
    // On whole pixels the fast mode differs only by the order of its additions.
    expect(Math.max(...distances)).toBeLessThanOrEqual(2);
  });

  it('passes through the reference’s stages', async () => {
    interface Stage {
      readonly luma64_row_major: readonly number[];
      readonly dct16_row_major: readonly number[];
    }
    const stages = Object.entries(readJson<Record<string, Stage>>('pdq-stages.json'));
    expect(stages.length).toBeGreaterThan(0);
    const pixels = new Map(readJson<PdqVector[]>('pdq.json').map((vector) => [vector.file, vector.pixels_sha256]));
    let compared = 0;
    for (const [file, { luma64_row_major, dct16_row_major }] of stages) {
      const { data, info } = await sharp(`${conformance}/images/${file}`)
        .removeAlpha()
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      // Another JPEG decoder's pixels are no vector.
      if (createHash('sha256').update(data).digest('hex') !== pixels.get(`images/${file}`)) continue;
      compared++;
      hasher.hash({ data, width: info.width, height: info.height, channels: 3 }, 'faithful');
      const { block, coefficients } = hasher.stages();
      expect([...block], file).toEqual(luma64_row_major.map(Math.fround));
      expect([...coefficients], file).toEqual(dct16_row_major.map(Math.fround));
    }
    expect(compared).toBeGreaterThan(3);
  });
});
