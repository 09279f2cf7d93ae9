import { decodeWithSharp } from '../src/media/decode-sharp.js';
import { PdqHasher } from '../src/signals/pdq/pdq-hasher.js';

/** What a process that only decodes and hashes is told by its parent. */
export interface DecodeOrder {
  /** JPEGs in base64, taken in turn. */
  readonly bodies: readonly string[];
  readonly milliseconds: number;
  readonly maxPixels: number;
}

/** Its answer. */
export interface DecodeReport {
  readonly pictures: number;
  readonly milliseconds: number;
}

async function run({ bodies, milliseconds, maxPixels }: DecodeOrder): Promise<DecodeReport> {
  const hasher = await PdqHasher.create();
  const media = bodies.map((each) => Buffer.from(each, 'base64'));
  const start = performance.now();
  let pictures = 0;
  while (performance.now() - start < milliseconds) {
    const bytes = media[pictures % media.length] ?? Buffer.alloc(0);
    const decoded = await decodeWithSharp(bytes, 'fast', { maxPixels, maxFrames: 1 });
    for await (const { data, width, height, channels, source } of decoded.pictures) {
      if (channels === 4) throw new Error('A JPEG has no alpha.');
      hasher.hash({ data, width, height, channels, ...(source === undefined ? {} : { source }) }, 'fast');
    }
    pictures++;
  }
  return { pictures, milliseconds: performance.now() - start };
}

process.on('message', (order: DecodeOrder) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
