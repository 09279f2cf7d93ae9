import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { seeded } from '../src/index/testing/random.js';
import { type Database, openDatabase } from '../src/storage/database.js';
import { type Cluster, startCluster } from './cluster.js';
import { CLUSTER_KILLS, harm, ITEMS, SEED, TEST_MS, untilDone, wrongVerdicts } from './cluster-harm.js';
import { start } from './command.js';
import { noPostgres } from './databases.js';
import { noNats } from './nats.js';

const PICTURES = 12;
const BATCH = 50;
const JSON_TYPE = { 'content-type': 'application/json' };

const missing = noPostgres ?? noNats;

/**
 * Items go in all the time, while three processes are killed and restarted and PostgreSQL and NATS are cut off. In the
 * end each item has exactly one verdict, the right one, and each match took effect at the receiver exactly once.
 */
describe.skipIf(missing !== undefined)(missing ?? 'three processes on PostgreSQL and NATS', () => {
  it(`give ${ITEMS} items one verdict each, through ${CLUSTER_KILLS} kills and two cuts`, {
    timeout: TEST_MS,
  }, async () => {
    const random = seeded(SEED);
    const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, n) => photographLikeJpeg(160, 120, n + 1)));
    await using media = await serve((request, response) => {
      response.end(pictures[Number(/\d+/.exec(request.url ?? '')?.[0])]);
    });
    await using receiver = await startReceiver(random);
    await using cluster = await startCluster({ workers: 2, nats: true });
    const listed = (n: number): boolean => n % 3 === 0;
    await setUp(
      cluster,
      receiver.url,
      pictures.filter((_, n) => listed(n)),
    );

    const feeding = feed(cluster, (id) => `${media.url}/${id % PICTURES}.jpg`);
    await harm(cluster, random);
    await feeding;

    const database = await openDatabase({ url: cluster.databaseUrl });
    try {
      await untilDone(database, cluster, 'webhook');
      const expected = Array.from({ length: ITEMS }, (_, id) => listed(id % PICTURES));
      const matches = expected.filter(Boolean).length;
      expect(await wrongVerdicts(database, (id) => expected[Number(id)] === true)).toEqual([]);
      expect(await figures(database)).toEqual({
        items: ITEMS,
        verdicts: ITEMS,
        counted: ITEMS,
        events: matches,
        effects: matches,
      });
      expect(receiver.effective.size).toBe(matches);
      expect(receiver.twice).toEqual([]);
      const messages = `${receiver.messages()} messages for ${matches} matches, each in effect once`;
      console.log(`soak: ${ITEMS} items, each with its one right verdict; ${messages}; 0 lost, 0 doubled`);
    } finally {
      await database.close();
    }
    const verified = await start(['audit', 'verify', '--data', cluster.service.data], cluster.env).done;
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('All fits') });
  });
});

async function setUp(cluster: Cluster, receiver: string, pictures: readonly Uint8Array[]): Promise<void> {
  const { service } = cluster;
  const csv = `id,md5\n${pictures.map((bytes, n) => `e${n},${createHash('md5').update(bytes).digest('hex')}\n`).join('')}`;
  const imported = await service.call('PUT', '/v1/lists/known/import', csv, {
    'content-type': 'application/octet-stream',
  });
  expect(await imported.text()).toContain('"result"');
  const webhook = JSON.stringify({ name: 'receiver', url: receiver, types: ['match.found'] });
  const added = await service.call('POST', '/v1/webhooks', webhook, JSON_TYPE);
  expect({ status: added.status, body: added.ok ? '' : await added.text() }).toEqual({ status: 201, body: '' });
}

/** Hands every item in until it is taken: whoever has had no answer asks again. */
async function feed(cluster: Cluster, urlOf: (id: number) => string): Promise<void> {
  for (let from = 0; from < ITEMS; from += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, ITEMS - from) }, (_, i) => from + i);
    const items = ids.map((id) => ({
      platform: 'test',
      id: String(id),
      account: `account-${id % 7}`,
      surface: 'public',
      media: [{ url: urlOf(id) }],
    }));
    for (;;) {
      const taken = await cluster.service
        .call('POST', '/v1/items/batch', JSON.stringify(items), JSON_TYPE)
        .then((answer) => answer.json() as Promise<{ items?: readonly { status: number }[] }>)
        .catch(() => undefined);
      if (taken?.items?.every(({ status }) => status === 202) === true) break;
      await sleep(200);
    }
  }
}

async function figures(database: Database): Promise<unknown> {
  const { rows } = await sql`SELECT
    (SELECT count(*) FROM item) AS items,
    (SELECT count(*) FROM verdict) AS verdicts,
    (SELECT sum(count)::bigint FROM verdict_minute) AS counted,
    (SELECT count(*) FROM event WHERE kind = 'item.matched') AS events,
    (SELECT count(*) FROM outbox WHERE kind = 'webhook') AS effects`.execute(database.db);
  return rows[0];
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Items of which a message took effect: a message whose id was seen before does nothing. */
  readonly effective: ReadonlySet<string>;
  /** Items for which two different messages came. */
  readonly twice: readonly string[];
  /** Messages that came, repeated ones too. */
  messages(): number;
}

/** A receiver as they are: it sometimes fails, and sometimes does what it is told and breaks off before it says so. */
async function startReceiver(random: () => number): Promise<Receiver> {
  const ids = new Set<string>();
  const failures = new Map<string, number>();
  const effective = new Set<string>();
  const twice: string[] = [];
  let messages = 0;
  const server = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const id = String(request.headers['webhook-id']);
      const tries = (failures.get(id) ?? 0) + 1;
      // After two failures it is well again: what is tried is loss and doubling, not a day of back-off.
      const chance = tries > 2 ? 1 : random();
      if (chance < 0.2) failures.set(id, tries);
      messages++;
      if (chance < 0.1) return void response.writeHead(503, { 'retry-after': '1' }).end();
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { item: string } };
      if (!ids.has(id) && effective.has(data.item)) twice.push(data.item);
      ids.add(id);
      effective.add(data.item);
      if (chance < 0.2) request.socket.destroy();
      else response.writeHead(204).end();
    });
  });
  return {
    ...server,
    effective,
    twice,
    messages: () => messages,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function serve(
  handle: Parameters<typeof createServer>[1] & {},
): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
