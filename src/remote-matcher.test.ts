/** How a remote matcher is wired to the house: figures, attention, and what leaves. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { copyEmptyDatabase } from '../test/database-templates.js';
import { FAULTS } from './lists/sources/testing/fault-server.js';
import { Metrics } from './metrics/metrics.js';
import { GuardedClient } from './net/guarded-client.js';
import { openArachnid } from './remote-matcher.js';
import { openArachnidServer } from './scan/remote/testing/arachnid-server.js';
import { openDatabase } from './storage/database.js';
import { createList } from './storage/list-store.js';

const WHO = { user: 'platform', password: 'correct horse' };

it('asks with a hash alone, counts it, and puts a refusal before people, not before the scan', {
  timeout: 120_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'vigie-remote-'));
  await copyEmptyDatabase(join(root, 'db'));
  const database = await openDatabase({ dataDir: join(root, 'db') }, { allowNoFsync: true, fsync: false });
  const hash = randomBytes(32);
  const known = new Map([[hash.toString('base64'), { classification: 'csam', match: 'exact' as const }]]);
  const server = await openArachnidServer(known, WHO);
  const lines: string[] = [];
  const metrics = new Metrics();
  const matcher = openArachnid(
    { ...WHO, url: server.origin },
    {
      client: new GuardedClient({ allow: ['127.0.0.1'] }),
      metrics,
      database,
      logger: pino({}, { write: (line: string) => lines.push(line) }),
      node: 'here',
    },
  );
  try {
    expect(lines.join('')).toContain('third party');
    expect(await matcher.ask([hash])).toEqual([{ classification: 'csam', exact: true }]);
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({ hashes: [hash.toString('base64')] });
    server.fault = () => FAULTS.unauthorised;
    expect(await matcher.ask([randomBytes(32)])).toEqual([undefined]);
    // Nobody's list may be taken for them.
    await expect(createList(database.db, matcher.name)).rejects.toMatchObject({ code: 'list-name-invalid' });
  } finally {
    await matcher.close();
    await server[Symbol.asyncDispose]();
  }
  const open = await database.db.selectFrom('attention').select(['kind', 'detail']).execute();
  expect(open).toMatchObject([{ kind: 'remote-matcher-away', detail: { node: 'here', error: 'source-refused' } }]);
  expect(JSON.stringify([open, lines])).not.toContain('horse');
  const text = await metrics.render();
  expect(text).toContain('vigie_remote_hashes_total{matcher="arachnid",outcome="known"} 1');
  expect(text).toContain('vigie_remote_hashes_total{matcher="arachnid",outcome="failed"} 1');
  await database.close();
  await rm(root, { recursive: true, force: true });
});
