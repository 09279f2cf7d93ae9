import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { conformance, conformanceNote, type PdqVector, readJson } from '../../test/conformance.js';
import { signalType } from '../signals/signal-types.js';
import type { MediaSignals } from './media-signals.js';
import { hammingDistance, hashHere, hashOf } from './testing/hash-here.js';

const decodeHex = (text: string) => signalType('pdq').parse(text);
const read = (file: string) => readFileSync(`${conformance}/${file}`);

/** The reference drops transparency and leaves orientation alone. */
function asReference({ hashes }: MediaSignals): Uint8Array | undefined {
  const own = hashes.filter(({ frame }) => frame === 0);
  const found = own.find(({ area }) => area === 'opaque') ?? own.find(({ area }) => area === 'stored') ?? own[0];
  return found?.pdq.subarray(0, 32);
}

describe.skipIf(conformance === undefined)(`media against the reference${conformanceNote}`, () => {
  const vectors =
    conformance === undefined ? [] : readJson<PdqVector[]>('pdq.json').filter((each) => each.stored !== false);

  it('is within 10 bits of the reference on all files, fast within 6 of faithful', { timeout: 500_000 }, async () => {
    const far: string[] = [];
    const apart: number[] = [];
    const off: number[] = [];
    const failed: string[] = [];
    for (const { file, decode, pdq, quality, tie_sensitive, oriented } of vectors) {
      if (decode !== 'ok') continue;
      const reference = decodeHex(pdq);
      const both: Uint8Array[] = [];
      for (const mode of ['faithful', 'fast'] as const) {
        const signals = await hashHere(read(file), mode).catch((error) => error);
        const hash = signals.hashes === undefined ? undefined : asReference(signals);
        if (hash === undefined) {
          // Sides below five pixels have no hash, and so quality 0 there.
          if (signals.code !== 'media-too-small') failed.push(`${file}: ${signals.code}`);
          continue;
        }
        if (signals.damaged) failed.push(`${file}: damaged`);
        both.push(hash);
        if (quality < 80 || tie_sensitive === true) continue;
        const distance = hammingDistance(hash, reference);
        off.push(distance);
        if (distance > 10) far.push(`${file} ${mode}: ${distance}`);
        if (oriented === undefined) continue;
        expect(signals, file).toMatchObject({ width: oriented.width, height: oriented.height });
        const turned = hammingDistance(hashOf(signals, 'full'), decodeHex(oriented.pdq));
        if (
          turned > 10 &&
          asReference(signals) !== signals.hashes.find((each: { area: string }) => each.area === 'opaque')
        ) {
          far.push(`${file} ${mode}, turned: ${turned}`);
        }
      }
      const [faithful, fast] = both;
      if (quality >= 50 && tie_sensitive !== true && faithful !== undefined && fast !== undefined) {
        apart.push(hammingDistance(faithful, fast));
      }
    }
    // biome-ignore lint/suspicious/noConsole: these figures are what the suite is for
    console.info(
      `${off.length} hashes: ${off.filter((d) => d === 0).length} equal, ${off.filter((d) => d <= 2).length} within 2, worst ${Math.max(...off)}; ` +
        `fast of faithful: ${apart.filter((d) => d <= 6).length} of ${apart.length} within 6, worst ${Math.max(...apart)}`,
    );
    expect({ far, failed }).toEqual({ far: [], failed: [] });
    expect(apart.filter((distance) => distance <= 6).length / apart.length).toBeGreaterThanOrEqual(0.99);
  });

  it('gives no hash for what the reference cannot decode', async () => {
    for (const { file } of vectors.filter(({ decode }) => decode === 'error')) {
      const result = await hashHere(read(file)).catch((error) => error);
      // A cut PNG is hashed as far as it goes and says so; a text holds no picture; none of them is ever a whole picture.
      if (result.kind === 'other') expect(result, file).toMatchObject({ hashes: [] });
      else if (result.code === undefined) expect(result, file).toMatchObject({ incomplete: 'media-damaged' });
      else expect(result.code, file).toMatch(/^media-/);
    }
  });

  it('says of files that are cut short that they are', async () => {
    const partial = vectors.filter(({ decode }) => decode === 'partial');
    expect(partial.length).toBeGreaterThan(0);
    for (const { file, pdq } of partial) {
      const signals = await hashHere(read(file));
      expect(signals, file).toMatchObject({ damaged: true, incomplete: 'media-damaged' });
      // What stands in for the missing part is the decoder's own choice, and the reference's is only informational.
      expect(hammingDistance(hashOf(signals), decodeHex(pdq)), file).toBeLessThanOrEqual(60);
    }
  });
});
