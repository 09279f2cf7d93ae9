import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { ItemDraft } from '../intake/item-draft.js';
import { openContent } from '../intake/sealed-content.js';
import { type IntakeGround, openGround, openNode, type TestNode } from '../intake/testing/open-intake.js';
import { SealedBlobStore } from '../lists/sealed-blob-store.js';
import { FAULTS, type Fault, FaultServer, type Reply } from '../lists/sources/testing/fault-server.js';
import { Cases } from '../moderation/cases.js';
import { GuardedClient } from '../net/guarded-client.js';
import { readPolicy } from '../policy/read-policy.js';
import type { Database } from '../storage/database.js';
import { DirectoryBlobStore } from '../storage/directory-blob-store.js';
import { ItemScoring, type ItemScoringOptions } from './item-scoring.js';
import { keepScore } from './keep-score.js';
import { Scorer } from './scorer.js';

const POLICY = `policy: 1
rules:
  - name: known
    when: { verdict: match }
    do: [remove]
  - name: probable
    when: { verdict: no-match, score-at-least: 0.8 }
    do: [open-case: { priority: 70 }]
  - name: possible
    when: { verdict: no-match, score-at-least: 0.5 }
    do: [open-case: { priority: 10 }]
`;
const VERSION = 'scenes-2.1';
const TABLES =
  'item, item_medium, work, verdict, verdict_minute, attention, attention_backlog, event, account, moderation_case';
const idle = new AbortController().signal;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.each(DATABASES)('scoring: $name', { timeout: 120_000 }, ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let database: Database;
  let ground: IntakeGround;
  let server: FaultServer;
  let reply: Reply;
  let node: TestNode;
  let scoring: ItemScoring;
  let outcomes: string[];
  let told: string[];
  let failures: unknown[];

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeAll(async () => {
    if (missing === undefined) ground = await openGround();
  });
  afterAll(async () => await ground?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    if (missing !== undefined) return;
    await sql`TRUNCATE ${sql.raw(TABLES)} CASCADE`.execute(database.db);
    [outcomes, told, failures] = [[], [], []];
    says({ score: 0.9, version: VERSION });
    server = await FaultServer.open(() => reply);
    await open({});
  });
  afterEach(async () => {
    await node?.[Symbol.asyncDispose]();
    await scoring?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const says = (answer: unknown) => {
    reply = { status: 200, contentType: 'application/json', body: JSON.stringify(answer) };
  };
  const open = async (more: Partial<ItemScoringOptions>) => {
    await node?.[Symbol.asyncDispose]();
    node = await openNode(database, ground, {
      lookFurther: (unknown, release) => scoring.take(unknown, release),
      fetch: async () => once(ground.unlisted),
    });
    const { record } = node.events;
    const { policy } = readPolicy(POLICY);
    if (policy === undefined) throw new Error('it is a policy');
    const client = new GuardedClient({ allow: ['127.0.0.1'] });
    const scorer = new Scorer({
      ...{ url: server.origin, key: 'the key', version: VERSION, timeoutMs: 30_000, client },
      onOpen: (code) => told.push(code),
      onClose: () => told.push('closed'),
    });
    const keep = keepScore({
      ...{ database, record, node: 'test', policy: () => ({ ...policy, number: 1 }) },
      cases: new Cases({ database, record, keyring: ground.keyring }),
      jurisdictionOf: (id, sealed) => openContent(ground.keyring, id, sealed).jurisdiction,
    });
    const directory = new DirectoryBlobStore(`${ground.folder}/media`, `${ground.folder}/tmp`);
    scoring = new ItemScoring({
      ...{ scorer, timeoutMs: 20_000, surfaces: ['public'], kinds: ['image'], client, keyring: ground.keyring },
      blobs: new SealedBlobStore(directory, ground.keyring, 'medium'),
      fetch: async () => once(ground.unlisted),
      scored: (unknown, value) => keep(unknown, { value, scorer: VERSION }),
      counted: (outcome) => outcomes.push(outcome),
      failed: (error) => failures.push(error),
      ...more,
    });
  };
  /** Hands something in and looks at it, as far as its verdict. */
  const share = async (id: string, bytes = ground.unlisted, more: Partial<ItemDraft> = {}) => {
    const store = () => node.intake.media.store(once(bytes), { maximumBytes: 2 ** 20 });
    const draft = { platform: 'forum', id, surface: 'public', ...more } as const;
    const receipt = await node.intake.items.hand(draft, more.media === undefined ? [await store()] : []);
    const [work] = await node.stream.take({ most: 1, waitMs: 5_000, signal: idle });
    if (work === undefined) throw new Error('it was handed in');
    await node.intake.worker.handle(work, idle);
    return receipt.id;
  };
  const ended = async (...expected: string[]) => {
    await vi.waitFor(() => expect(outcomes).toEqual(expected), { timeout: 30_000, interval: 5 });
    expect(failures).toEqual([]);
  };
  const cases = async () =>
    await database.db.selectFrom('moderation_case').select(['item_id', 'cause', 'priority']).execute();
  const verdictOf = async (id: string) => (await node.intake.items.report(id)).verdict;

  it('keeps the score with who said it, and opens the case that the policy wants', async () => {
    const id = await share('1');
    await ended('scored');
    expect(server.asked.map(({ headers }) => [headers['content-type'], headers.authorization])).toEqual([
      ['image/jpeg', 'Bearer the key'],
    ]);
    expect(server.asked[0]?.headers['content-length']).toBe(String(ground.unlisted.length));
    expect(await verdictOf(id)).toMatchObject({ verdict: 'no-match', score: { value: 0.9, scorer: VERSION } });
    expect(await cases()).toEqual([{ item_id: id, cause: 'score', priority: 70 }]);
    const events = await database.db.selectFrom('event').select(['kind', 'actor', 'refs']).execute();
    const refs = expect.objectContaining({ item: id, scorer: VERSION });
    expect(events).toContainEqual({ kind: 'item.scored', actor: 'node:test', refs });
    await vi.waitFor(async () => expect(await ground.blobs()).toEqual([]));
    expect(await database.db.selectFrom('action').select('id').execute()).toEqual([]);
  });

  it('makes a case more urgent and never less, and opens none for a low score', async () => {
    says({ score: 0.1 });
    const low = await share('1');
    await ended('scored');
    expect([(await verdictOf(low))?.score, await cases()]).toEqual([{ value: 0.1, scorer: VERSION }, []]);
    says({ score: 0.6 });
    // Whoever scores waits here until somebody else has opened a case.
    let go: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      go = resolve;
    });
    await scoring.close();
    await open({ fetch: async () => opened.then(() => once(ground.unlisted)) });
    for (const [id, priority] of [
      ['2', 5],
      ['3', 60],
    ] as const) {
      const item = await share(id, ground.unlisted, {
        media: [{ ref: id }] as unknown as NonNullable<ItemDraft['media']>,
      });
      const subject = { platform: 'forum', kind: 'item', id: item } as const;
      const reported = { subject, cause: 'reported', itemId: item, verdictId: null, by: 'user' };
      const { record } = node.events;
      await database.transaction((tx) =>
        new Cases({ database, record, keyring: ground.keyring }).open(tx, { ...reported, priority }),
      );
    }
    go();
    await ended('scored', 'scored', 'scored');
    expect((await cases()).map(({ cause, priority }) => [cause, priority]).sort()).toEqual([
      ['reported', 10],
      ['reported', 60],
    ]);
  });

  it('is not asked about what a list knows, what is private or too long, and other kinds', async () => {
    await share('1', ground.listed);
    await share('2', Buffer.from('no picture'));
    await scoring.close();
    await open({ mostBytes: 1_000 });
    await share('3');
    await scoring.close();
    await open({ surfaces: ['private'] });
    await share('4');
    expect([server.asked, outcomes, await ground.blobs()]).toEqual([[], [], []]);
  });

  const odd = (body: unknown): Fault => ({ change: (reply) => ({ ...reply, body: JSON.stringify(body) }) });
  it.each<[string, Fault, string]>([
    ['a score above 1', odd({ score: 1.01 }), 'scorer-odd-answer'],
    ['a score below 0', odd({ score: -0.01 }), 'scorer-odd-answer'],
    ['a word', odd({ score: 'high' }), 'scorer-odd-answer'],
    ['nothing', odd(null), 'scorer-odd-answer'],
    ['another version', odd({ score: 0.9, version: 'scenes-2.2' }), 'scorer-odd-answer'],
    ['more than is read', odd({ score: 0.9, more: 'x'.repeat(70_000) }), 'scorer-odd-answer'],
    ['a page', FAULTS.html, 'scorer-odd-answer'],
    ['a redirect', FAULTS.moved, 'scorer-away'],
    ['a broken connection', 'break', 'scorer-away'],
    ['half an answer', { cutTo: 5, honest: true }, 'scorer-away'],
    ['an error', FAULTS.broken, 'scorer-away'],
    ['a refusal', FAULTS.unauthorised, 'scorer-refused'],
  ])('changes nothing when it answers %s', async (_what, fault, code) => {
    server.fault = () => fault;
    const id = await share('1');
    await ended('failed');
    expect(await verdictOf(id)).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', score: null });
    expect(await cases()).toEqual([]);
    await vi.waitFor(async () => expect(await ground.blobs()).toEqual([]));
    expect(told).toEqual(code === 'scorer-refused' ? [code] : []);
    // It is left alone for a while, and the next is not asked about.
    await share('2');
    expect([outcomes.at(-1), server.asked.length]).toEqual(['dropped', 1]);
  });

  it('waits for nobody who is late, holds no more than it may, and lets go of all when it ends', async () => {
    server.fault = () => 'hang';
    await scoring.close();
    await open({ timeoutMs: 50 });
    const id = await share('1');
    expect(await verdictOf(id)).toMatchObject({ verdict: 'no-match', score: null });
    await ended('late');
    await scoring.close();
    await open({ mostWaiting: 1 });
    await share('2');
    await share('3');
    expect(outcomes).toEqual(['late', 'dropped']);
    await vi.waitFor(() => expect(server.asked).toHaveLength(2));
    await scoring.close();
    expect([outcomes, await ground.blobs(), failures]).toEqual([['late', 'dropped', 'dropped'], [], []]);
  });
});
