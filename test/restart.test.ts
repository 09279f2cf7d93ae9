import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { start } from './command.js';
import { startService } from './service.js';

/** Entries of the list; a million in `npm run soak`. */
const ENTRIES = Number(process.env['VIGIE_SOAK_ENTRIES'] ?? 5_000);
const TIMES = 3;

it(`finds all ${ENTRIES} entries again after a kill`, { timeout: 120_000 + ENTRIES }, async () => {
  const file = join(tmpdir(), `vigie-restart-${randomBytes(6).toString('hex')}.csv`);
  const first = hash(0);
  await pipeline(Readable.from(csv()), createWriteStream(file));
  let service = await startService({ args: ['--decoders', '1'] });
  try {
    const imported = await start(['list', 'import', file, '--name', 'large', '--data', service.data]).done;
    expect(imported).toMatchObject({ code: 0 });
    for (let time = 0; time < TIMES; time++) {
      await service.kill();
      const begun = performance.now();
      service = await service.restart();
      const ready = await service.call('GET', '/readyz');
      console.log(`soak: ${Math.round(performance.now() - begun)} ms`);
      expect(ready.status).toBe(200);
      const body = JSON.stringify({ signals: [{ type: 'pdq', value: first }] });
      const answer = await service.call('POST', '/v1/lookup', body, { 'content-type': 'application/json' });
      expect(await answer.json()).toMatchObject({ results: [{ matches: [{ entry: 'e0', distance: 0 }] }] });
    }
  } finally {
    await service[Symbol.asyncDispose]();
    await rm(file);
  }
});

/** The hash of an entry: spread like real ones, and the same at each run. */
function hash(n: number): string {
  return createHash('sha256').update(`entry ${n}`).digest('hex');
}

function* csv(): Generator<string> {
  yield 'id,pdq\n';
  for (let n = 0; n < ENTRIES; n++) yield `e${n},${hash(n)}\n`;
}
