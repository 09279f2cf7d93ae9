import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyEmptyDatabase } from '../../test/database-templates.js';
import { DATABASES, noPostgres, startPostgres } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { GuardedClient } from '../net/guarded-client.js';
import { retryAfterSeconds } from '../net/retry-after.js';
import { entryPoint } from '../runtime/entry-point.js';
import { listAttention } from '../storage/attention/attention-store.js';
import { type Database, type DatabasePlace, openDatabase } from '../storage/database.js';
import { Keyring } from '../storage/keyring.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import type { DispatcherStart } from './testing/dispatcher-process.js';
import { openEffects } from './testing/open-effects.js';
import { type Answer, Receiver } from './testing/receiver.js';
import { type MatchSource, matchFound } from './webhook-messages.js';
import { verifySignature } from './webhook-signature.js';
import type { Webhooks } from './webhooks.js';

const SOURCE: MatchSource = {
  item: 'item-1',
  engine: 'vigie/0.1.0',
  appliedSeq: 7,
  total: 1,
  matches: [
    {
      ...{
        list: 'hotline',
        version: 3,
        entry: 'e1',
        grade: 'A',
        signal: 'pdq',
        distance: 4,
        view: 'as-is',
        frame: null,
        extent: 'full',
        across: 'same-kind',
      },
      // What must not leave, as a verdict may hold it.
      ...{ fingerprint: { query: 'f0f0f0', entry: 'f0f0f1' } },
    },
  ],
};

describe.each(DATABASES)('webhooks: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;
    let receiver: Receiver;
    const outboxes: Outbox[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE outbox, attention, webhook RESTART IDENTITY CASCADE`.execute(database.db);
      receiver = await Receiver.open();
    });
    afterEach(async () => {
      await Promise.all(outboxes.splice(0).map((outbox) => outbox.close()));
      await receiver[Symbol.asyncDispose]();
    });

    const effects = (...options: Parameters<typeof openEffects> extends [unknown, ...infer Rest] ? Rest : never) => {
      const made = openEffects(database, ...options);
      outboxes.push(made.outbox);
      return made;
    };
    const publish = (webhooks: Webhooks, key = 'verdict-1'): Promise<void> =>
      database.transaction((tx) => webhooks.publish(tx, { message: matchFound(SOURCE), subject: 'item:item-1', key }));
    const add = (webhooks: Webhooks, url = receiver.url) =>
      webhooks.add({ name: 'shop', url, kinds: ['match.found'] }, 'ann');
    const states = async (): Promise<string[]> =>
      (await database.db.selectFrom('outbox').select('state').orderBy('position').execute()).map(({ state }) => state);
    const settled = (expected: readonly string[]): Promise<void> =>
      vi.waitFor(async () => expect(await states()).toEqual(expected), { timeout: 20_000, interval: 10 });

    it('tell of a match, signed, once for a key, and never of a fingerprint', async () => {
      const { outbox, webhooks } = effects();
      const { secret } = await add(webhooks);
      await webhooks.add({ name: 'other', url: receiver.url, kinds: ['attention.raised'] }, 'ann');
      await publish(webhooks);
      await publish(webhooks);
      await outbox.start();
      await settled(['delivered']);
      expect(receiver.received).toHaveLength(1);
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
      expect(verifySignature({ headers, body, secret })).toBe(headers['webhook-id']);
      const { timestamp, ...rest } = JSON.parse(body) as Record<string, unknown>;
      expect(Date.parse(String(timestamp))).not.toBeNaN();
      const { fingerprint: _, ...match } = SOURCE.matches[0] as unknown as Record<string, unknown>;
      expect(rest).toEqual({ type: 'match.found', data: { ...SOURCE, matches: [match] } });
    });

    it('keep address and secret sealed, and what they do on record', async () => {
      const { webhooks } = effects();
      const { webhook, secret } = await add(webhooks, 'https://example.org/private-path');
      await expect(add(webhooks)).rejects.toMatchObject({ code: 'webhook-name-taken' });
      await expect(add(webhooks, 'ftp://example.org/')).rejects.toMatchObject({ code: 'url-invalid' });
      await expect(add(webhooks, 'https://a:b@example.org/')).rejects.toMatchObject({ code: 'url-invalid' });
      await webhooks.rotate(webhook.id, 'ben');
      const { rows } = await sql<{
        text: string;
      }>`SELECT webhook::text || encode(sealed, 'escape') AS text FROM webhook`.execute(database.db);
      expect(rows[0]?.text).not.toContain('private-path');
      expect(rows[0]?.text).not.toContain(secret.slice(6, 20));
      await webhooks.remove(webhook.id, 'ann');
      await expect(webhooks.remove(webhook.id, 'ann')).rejects.toMatchObject({ code: 'webhook-not-found' });
      await expect(webhooks.rotate(webhook.id, 'ann')).rejects.toMatchObject({ code: 'webhook-not-found' });
      const events = await database.db
        .selectFrom('event')
        .select(['kind', 'actor'])
        .where('subject', '=', `webhook:${webhook.id}`)
        .orderBy('xid')
        .execute();
      expect(events).toEqual([
        { kind: 'webhook.created', actor: 'ann' },
        { kind: 'webhook.changed', actor: 'ben' },
        { kind: 'webhook.removed', actor: 'ann' },
      ]);
    });

    it('sign with both secrets for a day after a rotation', async () => {
      let ahead = 0;
      const { webhooks } = effects({ now: () => Date.now() + ahead });
      const { webhook, secret: first } = await add(webhooks);
      const second = await webhooks.rotate(webhook.id, 'ann');
      const holds = async (secret: string): Promise<boolean> => {
        receiver.received.length = 0;
        await webhooks.test(webhook.id);
        const { headers, body } = receiver.received[0] ?? { headers: {}, body: '' };
        try {
          verifySignature({ headers, body, secret, now: Date.now() + ahead });
          return true;
        } catch {
          return false;
        }
      };
      expect([await holds(first), await holds(second)]).toEqual([true, true]);
      ahead = 25 * 3_600_000;
      expect([await holds(first), await holds(second)]).toEqual([false, true]);
      ahead = 0;
      const third = await webhooks.rotate(webhook.id, 'ann');
      expect([await holds(first), await holds(second), await holds(third)]).toEqual([false, true, true]);
    });

    it('drop what waits for one that was removed', async () => {
      const { outbox, webhooks } = effects();
      const { webhook } = await add(webhooks);
      await publish(webhooks);
      await webhooks.remove(webhook.id, 'ann');
      await outbox.start();
      await settled(['dropped']);
      expect(receiver.received).toEqual([]);
    });

    it('are read after the master key was rotated between writing and delivery', async () => {
      const [older, newer] = [randomBytes(32), randomBytes(32)];
      const before = effects({ keyring: new Keyring([older], 'environment') });
      const { webhook, secret } = await add(before.webhooks);
      await publish(before.webhooks);
      const after = effects({ keyring: new Keyring([newer, older], 'environment') });
      await after.outbox.start();
      await settled(['delivered']);
      await after.webhooks.rotate(webhook.id, 'ann');
      await after.outbox.close();
      // Sealed under the new key now; the old one is gone.
      const last = effects({ keyring: new Keyring([newer], 'environment') });
      await publish(last.webhooks, 'verdict-2');
      await last.outbox.start();
      await settled(['delivered', 'delivered']);
      for (const { headers, body } of receiver.received)
        expect(verifySignature({ headers, body, secret })).toBeTruthy();
    });

    describe('against endpoints that lie or fail', () => {
      const lies: [string, string, Answer][] = [
        [
          'a page with status 200',
          'effect-odd-answer',
          (r) => r.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>Sign in</p>'),
        ],
        [
          'a page that says it is JSON',
          'effect-odd-answer',
          (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('\ufeff \n<!DOCTYPE html><p>'),
        ],
        [
          'a body that never ends',
          'effect-odd-answer',
          (r) => {
            r.writeHead(200);
            const more = (): void => {
              if (!r.destroyed) r.write(Buffer.alloc(16_384), () => setImmediate(more));
            };
            r.on('error', () => undefined);
            more();
          },
        ],
        ['a body that hangs', 'effect-timeout', (r) => void r.writeHead(200).write('o')],
        ['no answer at all', 'effect-timeout', () => undefined],
        ['a connection that is cut', 'effect-failed', (r) => r.destroy()],
        [
          'an answer that is cut',
          'effect-failed',
          (r) => {
            r.writeHead(200, { 'content-length': '100' });
            r.write('x', () => r.destroy());
          },
        ],
        ['status 500', 'effect-failed', (r) => r.writeHead(500).end()],
        ['status 408', 'effect-failed', (r) => r.writeHead(408).end()],
        ['status 404', 'effect-refused', (r) => r.writeHead(404).end('nothing here')],
        ['status 304', 'effect-odd-answer', (r) => r.writeHead(304).end()],
      ];
      it.each(lies)('%s is %s', async (_name, code, answer) => {
        const { outbox, webhooks } = effects({ timeLimit: 300 }, { plan: { attempts: 2, refusals: 2 } });
        receiver.answer = answer;
        await add(webhooks);
        await publish(webhooks);
        await outbox.start();
        await settled(['exhausted']);
        expect(receiver.received).toHaveLength(2);
        expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
        expect(await outbox.ls('exhausted', 1)).toMatchObject([{ lastError: code, attempts: 2 }]);
        expect(await listAttention(database.db, { limit: 5 })).toMatchObject([
          { kind: 'effect-exhausted', count: 1, detail: { error: code } },
        ]);
      });

      it('headers that come byte by byte are cut off', async () => {
        const server = createTcpServer((socket) => {
          socket.on('error', () => undefined);
          const drip = setInterval(() => socket.write('x'), 20);
          socket.on('close', () => clearInterval(drip));
          socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { webhooks } = effects({ timeLimit: 300 });
        const { webhook } = await add(webhooks, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
        await expect(webhooks.test(webhook.id)).rejects.toMatchObject({ code: 'effect-timeout' });
        server.close();
      });

      it('a redirect is never followed, wherever it leads', async () => {
        await using inner = await Receiver.open();
        const { webhooks } = effects();
        const { webhook } = await add(webhooks);
        for (const [status, location] of [
          [302, inner.url],
          [307, inner.url],
          [308, 'http://169.254.169.254/latest'],
        ] as const) {
          receiver.answer = (response) => response.writeHead(status, { location }).end();
          await expect(webhooks.test(webhook.id)).rejects.toMatchObject({ code: 'effect-odd-answer' });
        }
        expect(inner.received).toEqual([]);
      });

      it('an address that is not public is refused, also behind a name', async () => {
        const client = new GuardedClient({ resolve: async () => ['10.0.0.1'] });
        const { webhook } = await add(effects().webhooks);
        const { webhooks } = effects({ client });
        await expect(webhooks.test(webhook.id)).rejects.toMatchObject({ code: 'url-forbidden' });
        const named = await webhooks.add({ name: 'named', url: 'http://hook.example/', kinds: ['match.found'] }, 'ann');
        await expect(webhooks.test(named.webhook.id)).rejects.toMatchObject({ code: 'url-forbidden' });
        const inside = webhooks.add({ name: 'inside', url: receiver.url, kinds: ['match.found'] }, 'ann');
        await expect(inside).rejects.toMatchObject({ code: 'url-forbidden' });
        expect(receiver.received).toEqual([]);
        expect((await webhooks.ls()).map(({ host }) => host)).toEqual([new URL(receiver.url).host, 'hook.example']);
      });

      it.each([
        ['seconds', () => '120', 120, 134],
        ['a date', () => new Date(Date.now() + 300_000).toUTCString(), 297, 331],
        ['a year', () => '31536000', 6 * 3_600, 6 * 3_600 + 1],
      ])('429 with Retry-After as %s is honoured, within bounds', async (_name, retryAfter, low, high) => {
        const { outbox, webhooks } = effects();
        receiver.answer = (response) => response.writeHead(429, { 'retry-after': retryAfter() }).end();
        await add(webhooks);
        await publish(webhooks);
        await outbox.start();
        await vi.waitFor(
          async () => expect(await outbox.ls('pending', 1)).toMatchObject([{ lastError: 'effect-failed' }]),
          { timeout: 10_000 },
        );
        const { rows } = await sql<{
          wait: number;
        }>`SELECT extract(epoch FROM next_at - now())::float8 AS wait FROM outbox`.execute(database.db);
        // The clock of the machine runs on between the answer and the look.
        expect(rows[0]?.wait).toBeGreaterThan(low - 60);
        expect(rows[0]?.wait).toBeLessThanOrEqual(high);
      });
    });
  });
});

it('reads Retry-After as RFC 9110 has it, and nothing else', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  expect(retryAfterSeconds('Tue, 01 Jan 2030 00:01:00 GMT', now)).toBe(60);
  expect(retryAfterSeconds('Mon, 31 Dec 2029 00:01:00 GMT', now)).toBe(0);
  expect(retryAfterSeconds(' 7 ', now)).toBe(7);
  for (const odd of ['', '-1', '1.5', 'soon', '2031-01-01', '99999999999', undefined])
    expect(retryAfterSeconds(odd, now)).toBeUndefined();
});

const PLACES = [
  { name: 'embedded', missing: undefined as string | undefined },
  { name: noPostgres ?? 'PostgreSQL 15', missing: noPostgres },
];

describe.each(PLACES)('a dispatcher that is killed: $name', ({ name, missing }) => {
  it.skipIf(missing !== undefined)(
    'in the middle of a delivery loses nothing, and another goes on',
    { timeout: 120_000 },
    async () => {
      const root = await mkdtemp(join(tmpdir(), 'vigie-killed-'));
      const cluster = name === 'embedded' ? undefined : await startPostgres();
      const place: DatabasePlace =
        cluster === undefined ? { dataDir: join(root, 'db') } : { url: await cluster.createDatabase() };
      if ('dataDir' in place) await copyEmptyDatabase(place.dataDir);
      const key = randomBytes(32);
      const keyring = new Keyring([key], 'environment');
      const children: ChildProcess[] = [];
      const launch = async (): Promise<ChildProcess> => {
        const start: DispatcherStart = { place, key: key.toString('hex'), leaseMs: 1_000 };
        const script = entryPoint(import.meta.url, './testing/dispatcher-process.js');
        const child = fork(script, [JSON.stringify(start)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
        children.push(child);
        await once(child, 'message');
        return child;
      };
      await using receiver = await Receiver.open();
      try {
        const first = await openDatabase(place, { allowNoFsync: true });
        const { webhooks } = openEffects(first, { keyring });
        await webhooks.add({ name: 'shop', url: receiver.url, kinds: ['match.found'] }, 'ann');
        for (let n = 0; n < 6; n++) {
          const message = matchFound({ ...SOURCE, total: n + 1 });
          await first.transaction((tx) => webhooks.publish(tx, { message, subject: 'item:item-1', key: `v${n}` }));
        }
        await first.close();

        // The receiver has taken the third message, and the dispatcher dies before it hears of it.
        let struck: () => void = () => undefined;
        const mortal = new Promise<void>((resolve) => {
          struck = resolve;
        });
        receiver.answer = (response) => {
          if (receiver.received.length < 3) response.writeHead(204).end();
          else struck();
        };
        const victim = await launch();
        await mortal;
        victim.kill('SIGKILL');
        await once(victim, 'exit');

        receiver.answer = (response) => response.writeHead(204).end();
        const heir = await launch();
        await vi.waitFor(() => expect(receiver.received).toHaveLength(7), { timeout: 30_000 });
        heir.send('end');
        await once(heir, 'exit');

        const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
        expect(ids[3]).toBe(ids[2]);
        const once7 = receiver.received
          .filter((_, i) => i !== 3)
          .map(({ body }) => (JSON.parse(body) as { data: { total: number } }).data.total);
        expect(once7).toEqual([1, 2, 3, 4, 5, 6]);
        const last = await openDatabase(place, { allowNoFsync: true });
        const rows = await last.db.selectFrom('outbox').select(['state', 'attempts']).orderBy('position').execute();
        expect(rows.map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(
          [1, 1, 2, 1, 1, 1].map((n) => `delivered ${n}`),
        );
        await last.close();
      } finally {
        for (const child of children) child.kill('SIGKILL');
        await cluster?.stop();
        await rm(root, { recursive: true, force: true });
      }
    },
  );
});
