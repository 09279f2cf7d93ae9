import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { photographLikeJpeg } from '../../bench/pictures.js';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { DEFAULTS } from '../config.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import { MatchIndex } from '../index/match-index.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { sealContent } from '../intake/sealed-content.js';
import { Lists } from '../lists/lists.js';
import type { SourceFeedback } from '../lists/sources/source.js';
import { openBlobs, type TestBlobs } from '../lists/testing/open-lists.js';
import { signalText } from '../lists/testing/read-records.js';
import { MediaPool } from '../media/pool.js';
import { GuardedClient } from '../net/guarded-client.js';
import { signalType } from '../signals/signal-types.js';
import { insertDerived } from '../storage/curation/derived-store.js';
import type { Database } from '../storage/database.js';
import { Events } from '../storage/events/events.js';
import { openOutbox, TEST_KEYRING } from '../storage/outbox/testing/open-outbox.js';
import { randomId } from '../storage/random-id.js';
import { VerdictStore } from '../storage/verdicts/verdict-store.js';
import { Curation } from './curation.js';
import { sealEntry } from './proposed-entry.js';
import type { FeedbackRoute } from './source-feedback.js';

const idle = new AbortController().signal;
const TABLES = 'list, list_change, verdict, attention, event, outbox, item, proposal';

const signal = (type: 'md5' | 'pdq', seed: number): EntrySignal => ({
  ...{ type, value: signalType(type).parse(signalText(type, seed)), active: true },
});
const entry = (id: string, seed: number): Entry => ({ id, grade: 'A', signals: [signal('md5', seed)] });

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.each(DATABASES)('Curation: $name', { timeout: 120_000 }, ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let database: Database;
  let store: TestBlobs;
  let pool: MediaPool;
  let web: Server;
  let origin: string;
  let picture: Buffer;
  let served: Buffer | undefined;
  const open: { close(): Promise<void> }[] = [];

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeAll(async () => {
    if (missing !== undefined) return;
    pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
    picture = await photographLikeJpeg(320, 240, 7);
    web = createServer((_request, response) => {
      if (served === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-length': served.length }).end(served);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => web.once('listening', resolve));
    origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    web?.close();
    await pool?.close();
  });
  beforeEach(async () => {
    if (missing !== undefined) return;
    await sql`TRUNCATE ${sql.raw(TABLES)} CASCADE`.execute(database.db);
    store = await openBlobs();
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
    await store?.close();
  });

  /** One node, with a source that takes what it is told unless it says otherwise. */
  const node = async (source: { id: string; takesFeedback: boolean } | undefined = undefined) => {
    const memory = new MemoryPool();
    const index = new MatchIndex({ pool: memory });
    const { record } = new Events(TEST_KEYRING);
    const lists = new Lists({ database, blobs: store.blobs, index, pool: memory, record });
    await lists.load();
    const { outbox } = openOutbox(database);
    const told: (SourceFeedback & { readonly source: string })[] = [];
    const route: FeedbackRoute = {
      sourceOf: async () => source,
      send: async (id, feedback) => {
        told.push({ ...feedback, source: id });
      },
    };
    const client = new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 5_000 });
    const tools = { pool, maximumBytes: 2 ** 20, maximumVideoBytes: 2 ** 20 };
    const curation = new Curation({
      ...{ database, keyring: TEST_KEYRING, lists, record, outbox, client, route, tools },
      hasSource: async () => source !== undefined,
    });
    open.push(outbox, lists);
    return { lists, curation, outbox, told };
  };
  const found = async (lists: Lists, { type, value }: Pick<EntrySignal, 'type' | 'value'>): Promise<string[]> => {
    const ids: string[] = [];
    for (const { segment, row } of lists.lookup(type, value).hits) ids.push((await segment.entry(row)).id);
    return ids;
  };
  const propose = (curation: Curation, over: Partial<Parameters<Curation['proposals']['propose']>[0]> = {}) =>
    curation.proposals.propose({ list: 'own', act: 'add', entry: entry('e1', 1), reason: 'seen', by: 'anna', ...over });
  const events = async (kind: string) => {
    const rows = await database.db.selectFrom('event').select(['actor', 'refs']).where('kind', '=', kind).execute();
    return rows.map(({ actor, refs }) => ({ actor, refs: refs as Record<string, unknown> }));
  };
  const waiting = async () =>
    await database.db.selectFrom('attention').select(['kind', 'state', 'count']).orderBy('first_at').execute();
  const openLists = async (lists: Lists) => await lists.create('own', { approval: 'two-person' });

  it('lets an entry act once somebody else has approved it, and not before', async () => {
    const { lists, curation } = await node();
    await openLists(lists);
    await expect(lists.addEntries('own', [entry('e1', 1)])).rejects.toMatchObject({ code: 'approval-required' });
    const id = await propose(curation);
    expect(await found(lists, signal('md5', 1))).toEqual([]);
    expect(await waiting()).toMatchObject([{ kind: 'proposal-waits', state: 'open', count: 1 }]);
    await expect(propose(curation, { by: 'carla' })).rejects.toMatchObject({ code: 'proposal-exists', detail: id });
    await expect(curation.proposals.approve(id, 'anna')).rejects.toMatchObject({ code: 'approval-own' });
    expect((await curation.proposals.open(id))?.signals).toEqual([signal('md5', 1)]);
    const approved = await curation.proposals.approve(id, 'ben', 'looked at it');
    expect(approved).toMatchObject({ state: 'approved', proposedBy: 'anna', decidedBy: 'ben', signals: { md5: 1 } });
    expect(await found(lists, signal('md5', 1))).toEqual(['e1']);
    // What was proposed is let go; where it acts now is the list.
    expect(await curation.proposals.open(id)).toBeUndefined();
    expect(await waiting()).toMatchObject([{ state: 'resolved' }]);
    await expect(curation.proposals.refuse(id, 'ben', 'no')).rejects.toMatchObject({ code: 'proposal-closed' });
    expect(await events('proposal.decided')).toMatchObject([
      { actor: 'ben', refs: { proposal: id, state: 'approved' } },
    ]);
  });

  it('lets exactly one of several decisions at once count', async () => {
    const [one, two] = [await node(), await node()];
    await openLists(one.lists);
    const id = await propose(one.curation);
    const outcomes = await Promise.allSettled([
      one.curation.proposals.approve(id, 'ben'),
      two.curation.proposals.approve(id, 'carla'),
      two.curation.proposals.takeBack(id, 'anna'),
      one.curation.proposals.refuse(id, 'dora', 'no'),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await events('proposal.decided')).toHaveLength(1);
    const { state } = await one.curation.proposals.show(id);
    expect(await found(one.lists, signal('md5', 1))).toEqual(state === 'approved' ? ['e1'] : []);
  });

  it('withdraws at once and restores only by two, and cannot be talked out of it', async () => {
    const { lists, curation } = await node();
    await openLists(lists);
    await curation.proposals.approve(await propose(curation), 'ben');
    const by = { reason: 'a mistake', by: 'anna' };
    await lists.withdraw('own', 'e1', by);
    expect(await found(lists, signal('md5', 1))).toEqual([]);
    for (const act of ['restore', 'dispute'] as const) {
      await expect(lists[act]('own', 'e1', by)).rejects.toMatchObject({ code: 'approval-required' });
    }
    await expect(lists.describeList('own', { approval: 'none' })).rejects.toMatchObject({ code: 'approval-required' });
    const input = { stream: once(Buffer.from(`id,md5\ne9,${signalText('md5', 9)}\n`)) };
    await expect(lists.import({ list: 'own', input })).rejects.toMatchObject({ code: 'approval-required' });
    const bare = { id: 'e1', signals: [] };
    const restore = await propose(curation, { act: 'restore', entry: bare });
    await expect(curation.proposals.approve(restore, 'anna')).rejects.toMatchObject({ code: 'approval-own' });
    await curation.proposals.approve(restore, 'ben');
    expect(await found(lists, signal('md5', 1))).toEqual(['e1']);
    // A doubt about what matches is for one person, and so is settling it.
    await lists.dispute('own', 'e1', by);
    await lists.restore('own', 'e1', by);
    const lift = await propose(curation, { act: 'lift-approval', entry: { id: 'own', signals: [] } });
    await curation.proposals.approve(lift, 'ben');
    await lists.addEntries('own', [entry('e2', 2)]);
    expect(await found(lists, signal('md5', 2))).toEqual(['e2']);
  });

  describe('many entries at once', () => {
    const file = (...records: readonly (readonly [md5: number, pdq?: number])[]) =>
      once(
        Buffer.from(
          records
            .map(([md5, pdq]) => ({
              md5: signalText('md5', md5),
              ...(pdq === undefined ? {} : { pdq: signalText('pdq', pdq), quality: 100 }),
            }))
            .map((record) => `${JSON.stringify(record)}\n`)
            .join(''),
        ),
      );
    const draft = { list: 'own', reason: 'hashed where the media are', by: 'anna', dryRun: false };

    it('gives entries of our own what they lack, by itself, and keeps it over a new version', async () => {
      const { lists, curation } = await node();
      await lists.create('own');
      await lists.addEntries('own', [entry('e1', 1), entry('e2', 2), entry('e3', 3)]);
      await lists.withdraw('own', 'e3', { reason: 'a mistake', by: 'anna' });
      const input = () => file([1, 11], [2], [3, 13], [4, 14], [1, 11]);
      const tried = await curation.enrichment.enrich({ ...draft, input: input(), dryRun: true });
      expect(tried).toMatchObject({ state: 'dry-run', entries: 1, withoutGain: 1, unknown: 2 });
      await curation.derivations.tend();
      expect(await found(lists, signal('pdq', 11))).toEqual([]);
      const done = await curation.enrichment.enrich({ ...draft, input: input() });
      expect(done).toMatchObject({ state: 'done', proposal: null, records: 4, entries: 1, signals: { pdq: 1 } });
      await curation.derivations.tend();
      expect(await found(lists, signal('pdq', 11))).toEqual(['e1']);
      // What no entry carries by an exact hash is given to nobody, and what is withdrawn stays so.
      for (const none of [13, 14]) expect(await found(lists, signal('pdq', none))).toEqual([]);
      expect(await curation.enrichment.enrich({ ...draft, input: file([1, 11]) })).toMatchObject({
        ...{ state: 'nothing', complete: 1 },
      });
      const again = { stream: once(Buffer.from(`id,md5\ne1,${signalText('md5', 1)}\n`)) };
      await lists.import({ list: 'own', input: again });
      await curation.derivations.tend();
      expect(await found(lists, signal('pdq', 11))).toEqual(['e1']);
      await curation.derivations.withdraw('own', 'e1', 'another picture', 'ben');
      expect(await found(lists, signal('pdq', 11))).toEqual([]);
      expect(await events('list.enriched')).toMatchObject([{ actor: 'anna', refs: { entries: 1 } }]);
    });

    it('are given theirs where another list cannot be brought in step, which still changes', async () => {
      const { lists, curation } = await node();
      const names = ['one', 'two', 'three'];
      for (const name of names) {
        await lists.create(name);
        await lists.addEntries(name, [entry('e1', 1)]);
      }
      const stored = await database.db.selectFrom('list').select(['id', 'name']).orderBy('id').execute();
      const [broken, ...well] = stored;
      // As a version of the service has kept it whose rules were others: no import takes it.
      const refused: EntrySignal = { type: 'pdq', value: new Uint8Array(32), quality: 100, active: true };
      for (const { id: listId } of stored) {
        const id = randomId();
        const signals = [listId === broken?.id ? refused : signal('pdq', 11)];
        const sealed = sealEntry(TEST_KEYRING, 'derived', id, { id: 'e1', signals });
        await database.transaction((tx) => insertDerived(tx, { id, listId, entry: 'e1', sealed, proposal: 'p' }));
      }
      await expect(curation.derivations.tend()).rejects.toMatchObject({ code: 'list-too-many-rejected' });
      expect(await found(lists, signal('pdq', 11))).toHaveLength(well.length);
      await lists.addEntries(broken?.name ?? '', [entry('e2', 2)]);
      expect(await found(lists, signal('md5', 2))).toEqual(['e2']);
    });

    it('waits for a second person where a source feeds the list or it asks for one', async () => {
      const { lists, curation } = await node({ id: 'hotline', takesFeedback: false });
      await lists.create('own');
      await lists.addEntries('own', [entry('e1', 1)]);
      const refused = await curation.enrichment.enrich({ ...draft, input: file([1, 11]) });
      expect(refused).toMatchObject({ state: 'proposed', entries: 1 });
      await curation.derivations.tend();
      expect(await found(lists, signal('pdq', 11))).toEqual([]);
      const id = refused.proposal ?? '';
      await expect(curation.proposals.approve(id, 'anna')).rejects.toMatchObject({ code: 'approval-own' });
      await curation.proposals.refuse(id, 'ben', 'not these');
      expect(await database.db.selectFrom('derived_signal').select('id').execute()).toEqual([]);
      const { proposal } = await curation.enrichment.enrich({ ...draft, input: file([1, 11]) });
      expect(await curation.proposals.show(proposal ?? '')).toMatchObject({ act: 'enrich', signals: { pdq: 1 } });
      await curation.proposals.approve(proposal ?? '', 'ben');
      await curation.derivations.tend();
      expect(await found(lists, signal('pdq', 11))).toEqual(['e1']);
    });

    it('leaves nothing behind when its file breaks off', async () => {
      const { lists, curation } = await node();
      await lists.create('own');
      await lists.addEntries('own', [entry('e1', 1)]);
      async function* broken() {
        yield* file([1, 11]);
        throw new Error('gone');
      }
      await expect(curation.enrichment.enrich({ ...draft, input: broken() })).rejects.toThrow('gone');
      expect(await database.db.selectFrom('derived_signal').select('id').execute()).toEqual([]);
    });

    it('gives thousands of entries theirs in few versions', async () => {
      const { lists, curation } = await node();
      await lists.create('own');
      const many = Array.from({ length: 1_200 }, (_, i) => i);
      await lists.addEntries(
        'own',
        many.map((i) => entry(`e${i}`, i)),
      );
      await curation.enrichment.enrich({ ...draft, input: file(...many.map((i) => [i, 10_000 + i] as const)) });
      await curation.derivations.tend();
      for (const i of [0, 499, 500, 1_199]) expect(await found(lists, signal('pdq', 10_000 + i))).toEqual([`e${i}`]);
      expect(await lists.ls()).toMatchObject([{ version: 2, entries: 1_200 }]);
    });
  });

  it('ends an entry when its time is over, in every process, and brings it back with a new term', async () => {
    const [one, two] = [await node(), await node()];
    await two.lists.follow();
    await openLists(one.lists);
    await expect(propose(one.curation, { until: new Date(0) })).rejects.toMatchObject({ code: 'request-invalid' });
    const until = new Date(Date.now() + 3_600_000);
    await one.curation.proposals.approve(await propose(one.curation, { until }), 'ben');
    expect((await one.lists.entry('own', 'e1')).until).toEqual(until);
    expect(await one.lists.endTerms()).toBe(0);
    await sql`UPDATE entry_term SET until = now() - interval '1 second'`.execute(database.db);
    const ended = await Promise.all([one.lists.endTerms(), two.lists.endTerms()]);
    expect(ended[0] + ended[1]).toBe(1);
    await vi.waitFor(async () => expect(await found(two.lists, signal('md5', 1))).toEqual([]), { timeout: 10_000 });
    expect(await events('entry.status-changed')).toMatchObject([{ actor: 'service', refs: { status: 'inactive' } }]);
    await one.curation.proposals.approve(await propose(one.curation, { until }), 'ben');
    expect(await found(one.lists, signal('md5', 1))).toEqual(['e1']);
    expect(await one.lists.endTerms()).toBe(0);
  });

  it('closes what nobody decides, and refuses what cannot be used', async () => {
    const { lists, curation } = await node();
    await openLists(lists);
    const zero = { id: 'z', signals: [{ ...signal('pdq', 1), value: new Uint8Array(32) }] };
    await expect(propose(curation, { entry: zero })).rejects.toMatchObject({ code: 'list-too-many-rejected' });
    const id = await propose(curation);
    expect(await curation.proposals.sweep()).toBe(0);
    await sql`UPDATE proposal SET closes_at = now() - interval '1 second'`.execute(database.db);
    await expect(curation.proposals.approve(id, 'ben')).rejects.toMatchObject({ code: 'proposal-closed' });
    expect(await curation.proposals.sweep()).toBe(1);
    expect(await curation.proposals.show(id)).toMatchObject({ state: 'expired', decidedBy: 'service' });
    const { sealed } = await database.db.selectFrom('proposal').select('sealed').executeTakeFirstOrThrow();
    expect(sealed).toBeNull();
    expect(await waiting()).toMatchObject([{ state: 'resolved' }]);
  });

  /** A verdict on an item whose picture is served, with matches of a list. */
  const verdictOn = async (matches: readonly { list: string; entry: string; signal: string; shadow?: boolean }[]) => {
    const itemId = randomId();
    const media = [{ url: `${origin}/photo.jpg`, fileId: null }];
    const sealed = sealContent(TEST_KEYRING, itemId, { text: null, links: [], jurisdiction: null, media } as never);
    await database.db
      .insertInto('item')
      .values({
        ...{ id: itemId, platform: 'forum', platform_id: itemId, fingerprint: new Uint8Array(32) },
        ...{ surface: 'public', lane: 'live', sealed, state: 'told' },
      })
      .execute();
    const verdicts = new VerdictStore({ database });
    const id = randomId();
    await verdicts.write({
      ...{ id, itemId, medium: 0, verdict: 'match', reason: null, engine: 'test', appliedSeq: 1, node: 'test' },
      ...{ surface: 'public', milliseconds: 1, at: new Date(), detail: { media: [{ ordinal: 0, matches }] } },
    });
    await verdicts.close();
    return id;
  };
  const sha256Of = (bytes: Uint8Array): EntrySignal => ({
    ...{ type: 'sha256', value: new Uint8Array(createHash('sha256').update(bytes).digest()), active: true },
  });
  const judge = (curation: Curation, verdict: string, opinion: 'confirmed' | 'refuted', by = 'anna') =>
    curation.judge({ verdict, list: 'hotline', entry: 'h1', opinion, reason: 'looked at it', by }, idle);

  it('gives an entry of exact hashes the perceptual hash of what was confirmed, through every change of its list', async () => {
    const { lists, curation } = await node();
    served = picture;
    const csv = (grade: string, more = '') =>
      `id,sha256,grade\nh1,${Buffer.from(sha256Of(picture).value).toString('hex')},${grade}\n${more}`;
    const load = (text: string) => lists.import({ list: 'hotline', input: { stream: once(Buffer.from(text)) } });
    await load(csv('A'));
    const pdq = (await curation.signalsOf(once(picture), idle)).signals.find(({ type }) => type === 'pdq')!;
    const own = { list: 'hotline', entry: 'h1', reason: 'r', by: 'anna', signal: idle };
    await expect(curation.derivations.propose({ ...own, source: once(picture) })).rejects.toMatchObject({
      code: 'entry-not-confirmed',
    });
    const verdict = await verdictOn([{ list: 'hotline', entry: 'h1', signal: 'sha256' }]);
    const { derived, feedback } = await judge(curation, verdict, 'confirmed');
    expect([derived.state, feedback]).toEqual(['proposed', 'no-source']);
    const other = await photographLikeJpeg(320, 240, 8);
    await expect(curation.derivations.propose({ ...own, source: once(other) })).rejects.toMatchObject({
      code: 'medium-not-entry',
    });
    expect(await found(lists, pdq)).toEqual([]);
    await expect(curation.proposals.approve(derived.proposal!, 'anna')).rejects.toMatchObject({ code: 'approval-own' });
    await curation.proposals.approve(derived.proposal!, 'ben');
    expect(await found(lists, pdq)).toEqual(['h1']);
    const shown = await lists.entry('hotline', 'h1');
    expect(shown.entry.signals.map(({ type, derived: made }) => [type, made === true])).toEqual([
      ['sha256', false],
      ['pdq', true],
    ]);
    expect(await curation.derivations.propose({ ...own, source: once(picture) })).toBeUndefined();

    // A new version of the entry by its source, a new list, and an older one again.
    await lists.addEntries('hotline', [{ id: 'h1', grade: 'B', signals: [sha256Of(picture)] }]);
    expect(await found(lists, pdq)).toEqual(['h1']);
    expect((await lists.entry('hotline', 'h1')).entry.grade).toBe('B');
    await load(csv('C'));
    expect(await found(lists, pdq)).toEqual(['h1']);
    expect((await lists.entry('hotline', 'h1')).entry.grade).toBe('C');
    await lists.rollback('hotline', 1);
    expect(await found(lists, pdq)).toEqual(['h1']);
    expect((await lists.entry('hotline', 'h1')).entry.grade).toBe('A');

    // It goes with its entry: withdrawn, and no longer on the list.
    await lists.withdraw('hotline', 'h1', { reason: 'r', by: 'anna' });
    expect(await found(lists, pdq)).toEqual([]);
    await lists.restore('hotline', 'h1', { reason: 'r', by: 'anna' });
    expect(await found(lists, pdq)).toEqual(['h1']);
    await load(`id,sha256\nh2,${'ab'.repeat(32)}\n`);
    expect(await found(lists, pdq)).toEqual([]);
    await load(csv('A'));
    expect(await found(lists, pdq)).toEqual(['h1']);

    // Taken back by one person, it does not come back with an older version.
    const { version } = await lists.show('hotline');
    await curation.derivations.withdraw('hotline', 'h1', 'wrong file', 'anna');
    expect(await found(lists, pdq)).toEqual([]);
    expect(await found(lists, sha256Of(picture))).toEqual(['h1']);
    await lists.rollback('hotline', version!);
    expect(await found(lists, pdq)).toEqual([]);
  });

  it('merges on another node what that one has not heard of, and leaves alone what is in step', async () => {
    const [one, two] = [await node(), await node()];
    served = picture;
    const sha256 = Buffer.from(sha256Of(picture).value).toString('hex');
    const load = (lists: Lists) =>
      lists.import({ list: 'hotline', input: { stream: once(Buffer.from(`id,sha256\nh1,${sha256}\n`)) } });
    await load(one.lists);
    const verdict = await verdictOn([{ list: 'hotline', entry: 'h1', signal: 'sha256' }]);
    const { derived } = await judge(one.curation, verdict, 'confirmed');
    await one.curation.proposals.approve(derived.proposal!, 'ben');
    const pdq = (await one.curation.signalsOf(once(picture), idle)).signals.find(({ type }) => type === 'pdq')!;
    // As a source does it that knows nothing of curation.
    const bare = new Lists({
      ...{ database, blobs: store.blobs, pool: new MemoryPool() },
      index: new MatchIndex({ pool: new MemoryPool() }),
    });
    open.push(bare);
    await bare.load();
    await load(bare);
    await two.lists.follow();
    const merged = async () => {
      await two.curation.derivations.tend();
      expect(await found(two.lists, pdq)).toEqual(['h1']);
    };
    await vi.waitFor(merged, { timeout: 20_000 });
    // A source that tells of changes: the entry anew, with another grade, keeps what was made of it in the same step.
    const { id: listId } = await database.db.selectFrom('list').select('id').executeTakeFirstOrThrow();
    const telling = { sourceName: 's', checkpoint: 1, judge: () => undefined, also: async () => undefined };
    const tell = async (grade: string) =>
      await two.lists.takeIn(listId, { put: [{ id: 'h1', grade, signals: [sha256Of(picture)] }], remove: [] }, telling);
    expect(await tell('B')).toMatchObject({ changed: 1, added: 0 });
    expect(await found(two.lists, pdq)).toEqual(['h1']);
    expect(await tell('B')).toMatchObject({ changed: 0 });
    const { version } = await two.lists.show('hotline');
    await two.curation.derivations.tend();
    await one.curation.derivations.tend();
    expect((await two.lists.show('hotline')).version).toBe(version);
  });

  it('tells the source once for each change of mind, in order, and disputes what was refuted', async () => {
    const { lists, curation, outbox, told } = await node({ id: 's1', takesFeedback: true });
    await lists.create('hotline');
    await lists.addEntries('hotline', [entry('h1', 1)]);
    const hits = [{ list: 'hotline', entry: 'h1', signal: 'md5' }];
    const verdicts = [await verdictOn(hits), await verdictOn([{ ...hits[0]!, shadow: true }])];
    served = undefined;
    const first = await judge(curation, verdicts[0]!, 'confirmed');
    expect(first).toMatchObject({
      feedback: 'queued',
      disputed: false,
      derived: { state: 'not-had', reason: 'fetch-failed' },
    });
    expect(await judge(curation, verdicts[1]!, 'confirmed', 'ben')).toMatchObject({
      feedback: 'known',
      match: { shadow: true },
    });
    expect(await judge(curation, verdicts[1]!, 'refuted')).toMatchObject({ feedback: 'queued', disputed: true });
    expect((await lists.entry('hotline', 'h1')).statuses).toMatchObject([{ origin: 'person', status: 'disputed' }]);
    expect(await judge(curation, verdicts[1]!, 'confirmed')).toMatchObject({ feedback: 'queued', disputed: false });
    expect((await lists.show('hotline')).judged).toEqual({
      ...{ confirmed: 1, refuted: 0, shadowConfirmed: 1, shadowRefuted: 0 },
    });
    await outbox.start();
    await vi.waitFor(() => expect(told).toHaveLength(3), { timeout: 20_000 });
    expect(told.map(({ opinion }) => opinion)).toEqual(['confirmed', 'refuted', 'confirmed']);
    expect(told[0]).toEqual({
      ...{ source: 's1', entryId: 'h1', opinion: 'confirmed', signal: 'md5', value: signalText('md5', 1) },
    });
    await expect(judge(curation, 'none', 'confirmed')).rejects.toMatchObject({ code: 'verdict-not-found' });
    const elsewhere = await verdictOn([{ list: 'hotline', entry: 'h2', signal: 'md5' }]);
    await expect(judge(curation, elsewhere, 'confirmed')).rejects.toMatchObject({ code: 'match-not-found' });
    // What was withdrawn does not come back by a doubt.
    await lists.withdraw('hotline', 'h1', { reason: 'r', by: 'anna' });
    expect(await judge(curation, verdicts[0]!, 'refuted')).toMatchObject({ disputed: false });
    expect(await found(lists, signal('md5', 1))).toEqual([]);
  });

  it('says why a source is not told, and drops what waits for one that is gone', async () => {
    const source = { id: 's1', takesFeedback: false };
    const { lists, curation, outbox, told } = await node(source);
    await lists.create('hotline');
    await lists.addEntries('hotline', [entry('h1', 1)]);
    const verdict = await verdictOn([{ list: 'hotline', entry: 'h1', signal: 'pdq' }]);
    expect(await judge(curation, verdict, 'confirmed')).toMatchObject({
      feedback: 'not-taken',
      derived: { state: 'not-needed' },
    });
    source.takesFeedback = true;
    expect(await judge(curation, verdict, 'confirmed')).toMatchObject({ feedback: 'queued' });
    source.id = 's2';
    await outbox.start();
    await vi.waitFor(async () => expect(await outbox.ls('dropped', 10)).toHaveLength(1), { timeout: 20_000 });
    expect(told).toEqual([]);
    expect(await events('effect.dropped')).toMatchObject([{ refs: { reason: 'source-removed' } }]);
  });

  it('tells what the lists know already of what is proposed', async () => {
    const { lists, curation } = await node();
    await lists.create('hotline');
    const near = { ...signal('pdq', 3), value: signal('pdq', 3).value.slice() };
    near.value[0] = (near.value[0] ?? 0) ^ 7;
    await lists.addEntries('hotline', [{ id: 'n', signals: [near] }, entry('e5', 5)]);
    const known = await curation.known([signal('pdq', 3), signal('md5', 5), signal('md5', 6)]);
    expect(known).toEqual({
      total: 2,
      entries: [
        { list: 'hotline', entry: 'e5', signal: 'md5', distance: 0 },
        { list: 'hotline', entry: 'n', signal: 'pdq', distance: 3 },
      ],
    });
  });
});
