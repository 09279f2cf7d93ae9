import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { KILLS } from './chaos.js';
import { type RunningService, startService } from './service.js';

const WRITERS = 3;
const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

/** An entry as it was acknowledged: listed, and perhaps withdrawn afterwards. */
interface Acknowledged {
  readonly list: string;
  readonly id: string;
  readonly md5: string;
  /** `asked` when the answer to a withdrawal did not come: either is right then. */
  withdrawn: 'no' | 'asked' | 'yes';
}

/**
 * Imports, additions, withdrawals and scans go on all the time, and the service is killed at any moment. After each
 * restart all that it had acknowledged is there, and what was half done is not in its way.
 */
it(`loses nothing that was acknowledged in ${KILLS} kills`, { timeout: 120_000 + KILLS * 60_000 }, async () => {
  const known: Acknowledged[] = [];
  const picture = await photographLikeJpeg(320, 240, 1);
  let service = await startService({ args: ['--decoders', '1'] });
  try {
    for (let kill = 0; kill <= KILLS; kill++) {
      await verify(service, known);
      if (kill === KILLS) break;
      const writers = Array.from({ length: WRITERS }, (_, n) => write(service, `list-${n}`, known));
      const scanner = scan(service, picture);
      // Counted in acknowledgements, so that each round has something to lose; the kill comes at any moment of the next.
      const enough = known.length + 4 + ((randomBytes(1)[0] ?? 0) % 16);
      while (known.length < enough) await new Promise((resolve) => setImmediate(resolve));
      await service.kill();
      await Promise.all([...writers, scanner]);
      service = await service.restart();
    }
  } finally {
    await service[Symbol.asyncDispose]();
  }
  expect(known.length).toBeGreaterThan(KILLS * 4);
});

/** Changes one list until the service is gone. */
async function write(service: RunningService, list: string, known: Acknowledged[]): Promise<void> {
  const post = async (path: string, body: unknown): Promise<boolean> => {
    const answer = await service.call('POST', path, JSON.stringify(body), JSON_TYPE);
    await answer.arrayBuffer();
    return answer.ok;
  };
  try {
    for (let round = 0; ; round++) {
      const fresh = Array.from({ length: 3 }, () => ({ list, id: name(), md5: hex(16), withdrawn: 'no' as const }));
      if (round === 0) {
        // A whole list takes the place of what the list had: all that was acknowledged of it is over, at the flip.
        const before = known.filter((each) => each.list === list);
        const csv = [...before, ...fresh].map(({ id, md5 }) => `${id},${md5}\n`).join('');
        const answer = await service.call('PUT', `/v1/lists/${list}/import`, `id,md5\n${csv}`, BYTES_TYPE);
        if (!(await answer.text()).includes('"result"')) continue;
      } else {
        const entries = fresh.map(({ id, md5 }) => ({ id, signals: [{ type: 'md5', value: md5 }] }));
        if (!(await post(`/v1/lists/${list}/entries`, { entries }))) continue;
      }
      const told: Acknowledged[] = fresh;
      known.push(...told);
      const [first] = told;
      if (first === undefined) continue;
      first.withdrawn = 'asked';
      if (await post(`/v1/lists/${list}/entries/${first.id}/withdraw`, { reason: 'a test' })) first.withdrawn = 'yes';
    }
  } catch {
    // The service was killed.
  }
}

async function scan(service: RunningService, picture: Buffer): Promise<void> {
  try {
    for (let i = 0; ; i++) {
      const body = Buffer.concat([picture, Buffer.from(String(i))]);
      await (await service.call('POST', '/v1/scan', body, BYTES_TYPE)).arrayBuffer();
    }
  } catch {
    // The service was killed.
  }
}

async function verify(service: RunningService, known: readonly Acknowledged[]): Promise<void> {
  expect((await fetch(`${service.address}/readyz`)).status).toBe(200);
  for (let from = 0; from < known.length; from += 500) {
    const part = known.slice(from, from + 500);
    const signals = part.map(({ md5 }) => ({ type: 'md5', value: md5 }));
    const answer = await service.call('POST', '/v1/lookup', JSON.stringify({ signals }), JSON_TYPE);
    const { results } = (await answer.json()) as { results: { matches: { entry: string; list: string }[] }[] };
    for (const [i, { list, id, withdrawn }] of part.entries()) {
      const found = results[i]?.matches.map((match) => `${match.list}/${match.entry}`) ?? [];
      if (withdrawn === 'no') expect(found).toEqual([`${list}/${id}`]);
      if (withdrawn === 'yes') expect(found).toEqual([]);
    }
  }
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

function name(): string {
  return `e-${hex(6)}`;
}
