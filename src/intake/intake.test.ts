import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { VigieError } from '../errors.js';
import { Attentions } from '../storage/attention/attentions.js';
import type { Database } from '../storage/database.js';
import type { Work } from '../storage/work/work-stream.js';
import type { ItemDraft } from './item-draft.js';
import { type IntakeGround, openGround, openNode, type TestNode } from './testing/open-intake.js';

const idle = new AbortController().signal;
setMaxListeners(0, idle);
const TABLES =
  'item, item_medium, work, verdict, verdict_minute, attention, attention_backlog, event, private_switch, account';
const draft = (over: Partial<ItemDraft> = {}): ItemDraft => ({
  platform: 'forum',
  id: '1',
  surface: 'public',
  ...over,
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.each(DATABASES)('Intake: $name', { timeout: 120_000 }, ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let database: Database;
  let ground: IntakeGround;
  let web: Server;
  let origin: string;
  /** What the web server answers; the status, or a picture. */
  let serve: number | Buffer = 404;

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeAll(async () => {
    if (missing !== undefined) return;
    ground = await openGround();
    web = createServer((_request, response) => {
      if (typeof serve === 'number') response.writeHead(serve).end();
      else response.writeHead(200, { 'content-length': serve.length }).end(serve);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => web.once('listening', resolve));
    origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    web?.close();
    await ground?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    if (missing !== undefined) return;
    await sql`TRUNCATE ${sql.raw(TABLES)} CASCADE`.execute(database.db);
    for (const name of await ground.blobs()) await rm(join(ground.folder, 'media', name));
  });

  const store = (node: TestNode, bytes: Uint8Array) => node.intake.media.store(once(bytes), { maximumBytes: 2 ** 20 });
  const take = (node: TestNode, most = 10) => node.stream.take({ most, waitMs: 5_000, signal: idle });
  const handleAll = async (node: TestNode, works: readonly Work[]) => {
    await Promise.all(works.map((work) => node.intake.worker.handle(work, idle)));
  };
  /** Makes what waits for a later try due now. */
  const hurry = () => sql`UPDATE work SET available_at = now()`.execute(database.db);
  const count = async (table: 'item' | 'verdict' | 'work' | 'event' | 'account') => {
    const row = await database.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return row.n;
  };

  it('leads an item with bytes to its verdict, with provenance, and keeps no bytes', async () => {
    await using node = await openNode(database, ground);
    const files = [await store(node, ground.unlisted), await store(node, ground.listed)];
    expect(await ground.blobs()).toHaveLength(2);
    const receipt = await node.intake.items.hand(draft({ account: 'alice', room: 'harbour', text: 'hello' }), files);
    expect(receipt).toMatchObject({ state: 'waiting', fresh: true });
    expect(await node.intake.items.report(receipt.id)).toMatchObject({ state: 'waiting', verdict: null });
    await handleAll(node, await take(node));
    const report = await node.intake.items.report(receipt.id);
    expect(report).toMatchObject({
      state: 'told',
      verdict: {
        verdict: 'match',
        reason: null,
        medium: 1,
        node: 'test',
        media: [
          { ordinal: 0, verdict: 'no-match', reason: 'nothing-known', format: 'jpeg' },
          { ordinal: 1, verdict: 'match', matches: [{ list: 'known', entry: 'first', grade: 'A', signal: 'sha256' }] },
        ],
      },
    });
    expect(report.toldAt).toBeInstanceOf(Date);
    expect(await ground.blobs()).toEqual([]);
    expect(await count('work')).toBe(0);
    const events = await database.db.selectFrom('event').select(['kind', 'subject', 'actor']).execute();
    expect(events).toEqual([{ kind: 'item.matched', subject: `item:${receipt.id}`, actor: 'node:test' }]);
    expect(node.matches).toMatchObject([{ item: { platformId: '1', room: 'harbour' }, surface: 'public' }]);
    const kept = JSON.stringify(await database.db.selectFrom('verdict').selectAll().execute());
    expect(kept).not.toMatch(/[0-9a-f]{32}/);
    const rows = await database.db.selectFrom('item').selectAll().execute();
    const everything = Buffer.concat(rows.map(({ sealed }) => Buffer.from(sealed))).toString('latin1');
    expect(everything).not.toContain('hello');
  });

  it('makes one item of the same one handed in 50 times at once, on two nodes, and deletes what is too much', async () => {
    await using here = await openNode(database, ground);
    await using there = await openNode(database, ground);
    const receipts = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const node = i % 2 === 0 ? here : there;
        return await node.intake.items.hand(draft({ account: 'alice' }), [await store(node, ground.listed)]);
      }),
    );
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(1);
    expect(receipts.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect([await count('item'), await count('work'), await count('account')]).toEqual([1, 1, 1]);
    expect(await ground.blobs()).toHaveLength(1);
    await handleAll(here, await take(here));
    const again = await here.intake.items.hand(draft({ account: 'alice' }), [await store(here, ground.listed)]);
    expect(again).toEqual({ id: receipts[0]?.id, state: 'told', fresh: false });
    expect(await ground.blobs()).toEqual([]);
  });

  it('refuses another content under the same id, whatever differs', async () => {
    await using node = await openNode(database, ground);
    const { items } = node.intake;
    const original = draft({ text: 'one', links: ['https://example.org'] });
    await items.hand(original, [await store(node, ground.unlisted)]);
    const others: [ItemDraft, Buffer][] = [
      [draft({ text: 'two', links: ['https://example.org'] }), ground.unlisted],
      [draft({ text: 'one' }), ground.unlisted],
      [{ ...original, room: 'other' }, ground.unlisted],
      [original, ground.listed],
    ];
    for (const [other, bytes] of others) {
      await expect(items.hand(other, [await store(node, bytes)])).rejects.toMatchObject({ code: 'item-conflict' });
    }
    const elsewhen = { ...original, sharedAt: '2026-01-02T03:04:05Z', seenAt: '2026-01-02T03:04:06Z' };
    const told = await items.hand(elsewhen, [await store(node, ground.unlisted)]);
    expect(told).toMatchObject({ fresh: false });
    expect(await ground.blobs()).toHaveLength(1);
    expect(await items.hand({ ...original, id: '2' })).toMatchObject({ fresh: true });
    expect(await items.hand({ ...original, platform: 'other' })).toMatchObject({ fresh: true });
    await handleAll(node, await take(node));
  });

  it('tells an item once when several handlers race for it', async () => {
    await using here = await openNode(database, ground);
    await using there = await openNode(database, ground);
    const handed = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const bytes = i % 3 === 0 ? ground.listed : ground.unlisted;
        return await here.intake.items.hand(draft({ id: `${i}` }), [await store(here, bytes)]);
      }),
    );
    const works = await take(here, 20);
    // The lease is over before the first has come to its end.
    await hurry();
    const again = await take(there, 20);
    expect([works.length, again.length]).toEqual([12, 12]);
    await Promise.all([handleAll(here, works), handleAll(there, again), handleAll(here, works)]);
    const verdicts = await database.db.selectFrom('verdict').select('item_id').execute();
    expect(verdicts.map(({ item_id }) => item_id).sort()).toEqual(handed.map(({ id }) => id).sort());
    expect(await count('event')).toBe(4);
    const minutes = await database.db.selectFrom('verdict_minute').select(['verdict', 'count']).execute();
    const sum = (word: string) =>
      minutes.filter((each) => each.verdict === word).reduce((n, each) => n + each.count, 0);
    expect([sum('match'), sum('no-match')]).toEqual([4, 8]);
    expect(await count('work')).toBe(0);
    expect(await ground.blobs()).toEqual([]);
  });

  it('says of an item without media that nothing in it is covered', async () => {
    await using node = await openNode(database, ground);
    const { id } = await node.intake.items.hand(draft({ text: 'only words' }));
    await handleAll(node, await take(node));
    const { verdict } = await node.intake.items.report(id);
    expect(verdict).toMatchObject({ verdict: 'no-match', reason: 'kind-not-covered', media: [] });
  });

  it('sets aside what can never change, as one attention a cause, and looks again when it is replayed', async () => {
    await using node = await openNode(database, ground);
    const { items } = node.intake;
    const cut = ground.unlisted.subarray(0, 2_000);
    const handed = await Promise.all(
      ['a', 'b', 'c'].map(
        async (id) => await items.hand(draft({ id }), [await store(node, Buffer.concat([cut, Buffer.from(id)]))]),
      ),
    );
    await handleAll(node, await take(node));
    for (const { id } of handed) {
      expect(await items.report(id)).toMatchObject({
        state: 'set-aside',
        verdict: { verdict: 'could-not-tell', reason: 'media-damaged' },
      });
    }
    const attentions = new Attentions({
      database,
      record: node.events.record,
      requeue: async (tx, ids) => {
        await items.requeue(tx, ids);
      },
    });
    const open = await database.db.selectFrom('attention').selectAll().execute();
    expect(open).toMatchObject([{ kind: 'could-not-tell', cause: 'media-damaged/jpeg', count: 3 }]);
    expect(await ground.blobs()).toHaveLength(3);
    expect(await attentions.replay(open[0]?.id ?? '', 'operator')).toBe(3);
    expect([await count('verdict'), await count('work')]).toEqual([0, 3]);
    await handleAll(node, await take(node));
    expect(await count('verdict')).toBe(3);
    const kinds = await database.db.selectFrom('event').select('kind').execute();
    expect(kinds.filter(({ kind }) => kind === 'item.set-aside')).toHaveLength(6);
  });

  it('tries again what may pass, tells it when it has passed, and sets it aside when it does not', async () => {
    await using node = await openNode(database, ground);
    const { items } = node.intake;
    serve = 503;
    const passing = await items.hand(draft({ id: 'passing', media: [{ url: `${origin}/picture` }] }));
    for (let i = 0; i < 2; i++) {
      await handleAll(node, await take(node));
      expect(await items.report(passing.id)).toMatchObject({ state: 'waiting' });
      expect(await node.stream.take({ most: 1, waitMs: 0, signal: idle })).toEqual([]);
      await hurry();
    }
    serve = ground.listed;
    await handleAll(node, await take(node));
    expect(await items.report(passing.id)).toMatchObject({ state: 'told', verdict: { verdict: 'match' } });
    serve = 503;
    const lasting = await items.hand(draft({ id: 'lasting', media: [{ url: `${origin}/picture` }] }));
    let tries = 0;
    while ((await items.report(lasting.id)).state === 'waiting') {
      await hurry();
      await handleAll(node, await take(node));
      tries++;
    }
    expect(tries).toBe(5);
    expect(await items.report(lasting.id)).toMatchObject({
      state: 'set-aside',
      verdict: { verdict: 'could-not-tell', reason: 'fetch-failed' },
    });
    expect(await count('work')).toBe(0);
  });

  it('gives work back, without a verdict, while lists are not loaded', async () => {
    await using node = await openNode(database, ground);
    const { id } = await node.intake.items.hand(draft(), [await store(node, ground.listed)]);
    const say = (ready: boolean) => Object.defineProperty(ground.lists, 'ready', { value: ready, configurable: true });
    say(false);
    try {
      await handleAll(node, await take(node));
      expect(await node.intake.items.report(id)).toMatchObject({ state: 'waiting', verdict: null });
      expect([await count('verdict'), await count('work')]).toEqual([0, 1]);
    } finally {
      say(true);
    }
    await hurry();
    await handleAll(node, await take(node));
    expect(await node.intake.items.report(id)).toMatchObject({ state: 'told', verdict: { verdict: 'match' } });
  });

  it('looks at private surfaces only while a switch is on, asked again right before the scan', async () => {
    await using node = await openNode(database, ground);
    const { items, privateSurfaces } = node.intake;
    const secret = (id: string, jurisdiction?: string) =>
      draft({ id, surface: 'private', ...(jurisdiction === undefined ? {} : { jurisdiction }) });
    const until = new Date(Date.now() + 3_600_000);
    await expect(items.hand(secret('1'))).rejects.toMatchObject({ code: 'surface-private' });
    await expect(items.hand(secret('1', 'DE'))).rejects.toMatchObject({ code: 'surface-private' });
    const over = { jurisdiction: 'DE', legalBasis: 'a law', until: new Date(Date.now() - 1) };
    await expect(privateSurfaces.on(over, 'operator')).rejects.toMatchObject({ code: 'request-invalid' });
    await privateSurfaces.on({ jurisdiction: 'DE', legalBasis: 'a law', until }, 'operator');
    await expect(items.hand(secret('1', 'FR'))).rejects.toMatchObject({ code: 'surface-private' });
    const [looked, closed, late] = await Promise.all(
      ['1', '2', '3'].map(async (id) => await items.hand(secret(id, 'DE'), [await store(node, ground.listed)])),
    );
    const works = await take(node);
    const workOf = (id = '') => works.filter((work) => work.id === id);
    await handleAll(node, workOf(looked?.id));
    expect(await items.report(looked?.id ?? '')).toMatchObject({ verdict: { verdict: 'match' }, surface: 'private' });
    await sql`UPDATE private_switch SET until = now() - interval '1 second'`.execute(database.db);
    await handleAll(node, workOf(late?.id));
    expect(await privateSurfaces.off('DE', 'operator')).toBe(true);
    expect(await privateSurfaces.off('DE', 'operator')).toBe(false);
    await handleAll(node, workOf(closed?.id));
    for (const each of [late, closed]) {
      expect(await items.report(each?.id ?? '')).toMatchObject({
        state: 'told',
        verdict: { verdict: 'could-not-tell', reason: 'surface-private' },
      });
    }
    expect(await ground.blobs()).toEqual([]);
    const kinds = (await database.db.selectFrom('event').select('kind').execute()).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['private.switched-on', 'private.switched-off']));
    expect((await privateSurfaces.ls()).map(({ state, legalBasis }) => [state, legalBasis])).toEqual([
      ['off', 'a law'],
    ]);
  });

  it('refuses items when as many wait as may', async () => {
    await using node = await openNode(database, ground, { mostWaiting: 2 });
    const { items } = node.intake;
    await items.assertRoom();
    for (const id of ['1', '2', '3']) await items.hand(draft({ id }));
    const full = async () => {
      for (;;) await items.assertRoom();
    };
    await expect(full()).rejects.toMatchObject({ code: 'queue-full', retryAfter: 5 });
    await handleAll(node, await take(node));
  });

  it('sweeps media that belong to nobody, and leaves those of waiting items', async () => {
    await using node = await openNode(database, ground);
    await store(node, ground.listed);
    const { id } = await node.intake.items.hand(draft(), [await store(node, ground.unlisted)]);
    const inUse = async (blobs: readonly string[]) => {
      const rows = await database.db.selectFrom('item_medium').select('blob').where('blob', 'in', blobs).execute();
      return new Set(rows.map(({ blob }) => blob ?? ''));
    };
    expect(await node.intake.media.sweep(inUse, 60_000)).toBe(0);
    expect(await node.intake.media.sweep(inUse, -1)).toBe(1);
    expect(await ground.blobs()).toHaveLength(1);
    await handleAll(node, await take(node));
    expect(await node.intake.items.report(id)).toMatchObject({ state: 'told' });
  });

  it('sweeps no media that are just being laid down, wherever its clock has jumped to', async () => {
    await using node = await openNode(database, ground);
    const file = await store(node, ground.unlisted);
    const day = 86_400_000;
    for (const jump of [day, -day, 365 * day]) {
      const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + jump);
      expect(await node.intake.upkeep.sweepMedia()).toBe(0);
      clock.mockRestore();
    }
    const { id } = await node.intake.items.hand(draft(), [file]);
    await handleAll(node, await take(node));
    expect(await node.intake.items.report(id)).toMatchObject({ state: 'told', verdict: { verdict: 'no-match' } });
  });

  it('gives to the stream again what it does not hold, and lets go of what is old', async () => {
    await using node = await openNode(database, ground);
    const { id } = await node.intake.items.hand(draft());
    await sql`DELETE FROM work`.execute(database.db);
    expect(await node.intake.upkeep.republish()).toBe(1);
    expect(await node.intake.upkeep.republish()).toBe(0);
    await handleAll(node, await take(node));
    expect(await node.intake.upkeep.dropOld()).toBe(0);
    const far = new Date(Date.now() + 401 * 86_400_000);
    // A clock that has jumped ahead drops nothing.
    expect(await node.intake.upkeep.dropOld(far)).toBe(0);
    await sql`UPDATE item SET received_at = received_at - interval '401 days'`.execute(database.db);
    expect(await node.intake.upkeep.dropOld(new Date(0))).toBe(0);
    expect(await node.intake.upkeep.dropOld(far)).toBe(1);
    await expect(node.intake.items.report(id)).rejects.toMatchObject({ code: 'item-not-found' });
  });

  it('brings a few hundred items to their ends by itself, and stores what it has begun when it is closed', async () => {
    const node = await openNode(database, ground, { scansAtOnce: 4 });
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => node.intake.items.hand(draft({ id: `${i}`, account: `${i % 7}` }))),
    );
    node.intake.start();
    while ((await count('work')) > 100) await new Promise((resolve) => setTimeout(resolve, 5));
    await node[Symbol.asyncDispose]();
    const [items] = (
      await sql<{ told: number; waiting: number }>`
        SELECT count(*) FILTER (WHERE state = 'told') AS told, count(*) FILTER (WHERE state = 'waiting') AS waiting
        FROM item`.execute(database.db)
    ).rows;
    expect(items?.told).toBe(await count('verdict'));
    expect(items?.waiting).toBe(await count('work'));
    expect((items?.told ?? 0) + (items?.waiting ?? 0)).toBe(300);
    expect(await count('account')).toBe(7);
    expect(node.failures).toEqual([]);
  });

  it('undoes a match as a whole when what follows from it cannot be queued', async () => {
    let broken = true;
    const enqueueMatch = async () => {
      if (broken) throw new VigieError('internal', { detail: 'on purpose' });
    };
    await using node = await openNode(database, ground, { enqueueMatch });
    const { id } = await node.intake.items.hand(draft(), [await store(node, ground.listed)]);
    const [work] = await take(node);
    await expect(node.intake.worker.handle(work as Work, idle)).rejects.toMatchObject({ code: 'internal' });
    expect(await node.intake.items.report(id)).toMatchObject({ state: 'waiting', verdict: null });
    expect([await count('event'), await count('verdict'), await count('work')]).toEqual([0, 0, 1]);
    broken = false;
    await hurry();
    await handleAll(node, await take(node));
    expect([await count('event'), await count('verdict'), await count('work')]).toEqual([1, 1, 0]);
  });
});
