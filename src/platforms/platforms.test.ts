import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Act } from '../enforcement/acts.js';
import type { SharedItem, SharedReport } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import { comparedOf, type ItemDraft } from '../intake/item-draft.js';
import { GuardedClient } from '../net/guarded-client.js';
import type { Database } from '../storage/database.js';
import { Events } from '../storage/events/events.js';
import { Keyring } from '../storage/keyring.js';
import { PlatformStore } from '../storage/platform-store.js';
import { Deliveries } from './deliveries.js';
import { fetchFromPlatform } from './fetch-from-platform.js';
import { PlatformRunner, type PlatformRunnerOptions } from './platform-runner.js';
import { Platforms } from './platforms.js';
import { ScriptedPlatform } from './testing/scripted-platform.js';

const LONG = { timeout: 20_000, interval: 20 };
const idle = new AbortController().signal;
const shared = (id: string, over: Partial<SharedItem> = {}): SharedItem => ({
  ...{ id, surface: 'public', room: 'harbour', seenAt: new Date(0), text: `words of ${id}` },
  ...over,
});
const order = (act: Act) => {
  const target = { item: '1', room: 'harbour', account: null, media: [], sharedAt: null };
  return { id: 'o1', act, target, message: null };
};

describe.each(DATABASES)('platforms: $name', ({ name, missing, start }) => {
  describe.skipIf(missing !== undefined)('connected', { timeout: 60_000 }, () => {
    let database: Database;
    let scripted: ScriptedPlatform;
    let platforms: Platforms;
    /** Drafts that were taken in, by platform, id and revision. */
    let taken: Map<string, ItemDraft>;
    let gone: string[];
    let reports: [string, SharedReport][];
    const runners: PlatformRunner[] = [];
    const store = new PlatformStore(new Keyring([Buffer.alloc(32, 7)], 'file'));
    const logger = { info: () => undefined, warn: () => undefined };
    const house = { client: new GuardedClient({ allow: [] }), logger, now: Date.now };

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE platform, attention CASCADE`.execute(database.db);
      scripted = new ScriptedPlatform();
      const { record } = new Events(new Keyring([Buffer.alloc(32, 8)], 'file'));
      platforms = new Platforms({ database, store, kinds: [scripted.kind], house, record });
      taken = new Map();
      gone = [];
      reports = [];
    });
    afterEach(async () => {
      for (const runner of runners.splice(0)) await runner.close();
    });

    const run = async (node: string, over: Partial<PlatformRunnerOptions> = {}) => {
      const runner = new PlatformRunner({
        ...{ database, store, kinds: [scripted.kind], house, node, leaseMs: 2_000, tickMs: 20 },
        items: {
          hand: async (draft) => {
            const key = JSON.stringify([draft.platform, draft.id, draft.revision ?? '']);
            const before = taken.get(key);
            if (before !== undefined && JSON.stringify(comparedOf(before)) !== JSON.stringify(comparedOf(draft))) {
              throw new VigieError('item-conflict');
            }
            if (before === undefined) taken.set(key, draft);
            return { id: key, fresh: before === undefined };
          },
          gone: async (_, ids) => gone.push(...ids),
        },
        report: async (platform, report) => void reports.push([platform, report]),
        failed: (error) => {
          throw error;
        },
        random: () => 0,
        ...over,
      });
      runners.push(runner);
      await runner.start();
      return runner;
    };
    const add = (over = {}) =>
      platforms.add({ name: 'port', kind: 'scripted', settings: {}, credentials: { word: 'open' }, ...over }, 'anna');
    const ids = () => [...taken.values()].map(({ id }) => id).sort();
    const attentions = async () =>
      await database.db
        .selectFrom('attention')
        .select(['kind', 'detail', 'count'])
        .where('state', '<>', 'resolved')
        .orderBy('kind')
        .execute();

    it.skipIf(name === 'embedded')(
      'is held by one process at a time, and taken over with all that was told',
      async () => {
        await add();
        scripted.share(shared('1'));
        const first = await run('a');
        await vi.waitFor(() => expect(ids()).toEqual(['1']), LONG);
        const second = await run('b');
        scripted.share(shared('2'), shared('3'));
        await vi.waitFor(() => expect(ids()).toEqual(['1', '2', '3']), LONG);
        expect([first.held, second.held]).toEqual([['port'], []]);
        await first.close();
        scripted.share(shared('4'));
        await vi.waitFor(() => expect(ids()).toEqual(['1', '2', '3', '4']), LONG);
        expect(second.held).toEqual(['port']);
        expect([scripted.made, scripted.open]).toEqual([2, 1]);
      },
    );

    it('is taken from a process that was killed when its lease is over', async () => {
      await add();
      await sql`UPDATE platform SET leased_by = 'dead/x', leased_until = now() + interval '0.3 seconds'`.execute(
        database.db,
      );
      const alive = await run('b');
      await vi.waitFor(() => expect(alive.held).toEqual(['port']), LONG);
    });

    it('is let go only once its connection has ended, and by one that does not end it is handed nothing', async () => {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      await add();
      const runner = await run('a');
      await vi.waitFor(() => expect(scripted.open).toBe(1), LONG);
      const lease = async () => (await database.db.selectFrom('platform').select('leased_by').execute())[0]?.leased_by;
      scripted.ending = async () => {
        scripted.ending = () => ended;
        expect(await lease()).toMatch(/^a\//);
        await scripted.intake?.hand(shared('last words'));
      };
      await runner.close();
      expect([ids(), await lease(), scripted.open]).toEqual([['last words'], null, 0]);

      const second = await run('b', { endMs: 50 });
      await vi.waitFor(() => expect(scripted.open).toBe(1), LONG);
      const { intake } = scripted;
      await second.close();
      expect(await lease()).toBeNull();
      const over = expect.objectContaining({ code: 'platform-unreachable' });
      await expect(intake?.hand(shared('too late'))).rejects.toEqual(over);
      await expect(intake?.remember(1)).rejects.toEqual(over);
      end();
    });

    it('takes what is delivered where it listens, and is left to such a process', async () => {
      await add({ settings: { town: 'at the mole' } });
      const worker = await run('w', { listens: false });
      await add({ name: 'other' });
      await vi.waitFor(() => expect(worker.held).toEqual(['other']), LONG);
      const deliveries = (runner: PlatformRunner) =>
        new Deliveries({ database, store, kinds: [scripted.kind], deliver: (...all) => runner.deliver(...all) });
      const code = (expected: string) => expect.objectContaining({ code: expected });
      await expect(deliveries(worker).take('port', shared('1'), idle)).rejects.toEqual(code('delivery-untaken'));
      await worker.close();
      const serving = await run('s');
      await vi.waitFor(() => expect([...serving.held].sort()).toEqual(['other', 'port']), LONG);
      const taking = deliveries(serving);
      await taking.take('port', shared('1'), idle);
      await expect(taking.take('none', shared('2'), idle)).rejects.toEqual(code('delivery-untaken'));
      expect(ids()).toEqual(['1']);
      const knocking = (name: string, word: string) => taking.assertGenuine(name, () => word);
      await knocking('port', 'open');
      for (const [name, word] of [
        ['port', 'wrong'],
        ['other', 'open'],
        ['none', 'open'],
      ] as const) {
        await expect(knocking(name, word)).rejects.toEqual(code('delivery-refused'));
      }
    });

    it('begins where it was after its connection broke, and says how it does', async () => {
      await add();
      await run('a');
      scripted.share(shared('1'));
      await vi.waitFor(() => expect(ids()).toEqual(['1']), LONG);
      await vi.waitFor(async () => expect(await platforms.show('port')).toMatchObject({ state: 'connected' }), LONG);
      scripted.cut();
      scripted.share(shared('2'));
      await vi.waitFor(() => expect(ids()).toEqual(['1', '2']), LONG);
      expect(scripted.made).toBe(2);
      await vi.waitFor(async () => {
        expect(await platforms.show('port')).toMatchObject({ state: 'connected', failures: 0, lastError: null });
      }, LONG);
    });

    it('puts a refusal before people until other credentials are given', async () => {
      await add({ credentials: { word: 'wrong' } });
      await run('a');
      const refused = { state: 'refused', lastError: 'platform-refused' };
      await vi.waitFor(async () => expect(await platforms.show('port')).toMatchObject(refused), LONG);
      expect(await attentions()).toMatchObject([{ kind: 'platform-refused', detail: { platform: 'port' } }]);
      await platforms.change('port', { credentials: { word: 'open' } }, 'anna');
      await vi.waitFor(async () => expect(await attentions()).toEqual([]), LONG);
      expect(await platforms.show('port')).toMatchObject({ state: 'connected' });
    });

    it('lets go of what is disabled or changed', async () => {
      await add();
      const runner = await run('a', { leaseMs: 400 });
      await vi.waitFor(() => expect(scripted.open).toBe(1), LONG);
      await platforms.change('port', { enabled: false }, 'anna');
      await vi.waitFor(() => expect([scripted.open, runner.held]).toEqual([0, []]), LONG);
      expect(await platforms.show('port')).toMatchObject({ state: 'disabled' });
      await platforms.change('port', { enabled: true }, 'anna');
      await vi.waitFor(() => expect(scripted.open).toBe(1), LONG);
      await platforms.change('port', { settings: { town: 'there' } }, 'anna');
      await vi.waitFor(() => expect([scripted.made, scripted.open]).toEqual([3, 1]), LONG);
    });

    it('hands in all of a message: many media, another content under the same id, what is gone, reports', async () => {
      await add();
      await run('a');
      const media = Array.from({ length: 70 }, (_, i) => ({ ref: `f${i}`, fileId: `u${i}` }));
      scripted.share(shared('1', { media, text: 'a\0b' }), shared('2'), shared('2', { text: 'other' }));
      // Told anew at another time, with another name for the same file: nothing that is to be looked at again.
      const [again] = [new Date(1_000)].map((seenAt) => ({ seenAt, sharedAt: seenAt.toISOString() }));
      scripted.share(shared('1', { media: media.map((each) => ({ ...each, ref: 'g' })), text: 'ab', ...again }));
      scripted.share(shared('2', again), shared('2', { text: 'other', ...again }), shared('3'));
      await vi.waitFor(() => expect(ids()).toContain('3'), LONG);
      expect(taken.size).toBe(6);
      const parts = [...taken.values()].filter(({ id }) => id === '1');
      expect(parts.map(({ media: some }) => some?.length)).toEqual([32, 32, 6]);
      expect(parts[0]).toMatchObject({
        platform: 'port',
        text: 'ab',
        media: [{ ref: 'f0', fileId: 'u0' }, ...new Array(31).fill({})],
      });
      const edited = [...taken.values()].filter(({ id }) => id === '2');
      expect(edited.map(({ text }) => text)).toEqual(['words of 2', 'other']);
      const intake = scripted.intake as NonNullable<typeof scripted.intake>;
      const links = Array.from({ length: 300 }, (_, i) => `https://${i}.example/\0`);
      await intake.hand(shared('4', { text: 'x'.repeat(130_000), links }));
      const long = [...taken.values()].filter(({ id }) => id === '4');
      expect(long.map(({ text = '', links: some = [], revision }) => [text.length, some.length, revision])).toEqual([
        [65_536, 256, undefined],
        [65_536, 44, '+2'],
        [130_000 - 2 * (65_536 - 4_096), 0, '+3'],
      ]);
      expect(long[1]?.links?.[43]).toBe('https://299.example/');
      await intake.gone(['1', '2']);
      const report = { item: '2', reporter: 'u1', reason: 'abuse' };
      await intake.report(report);
      expect([gone, reports]).toEqual([['1', '2'], [['port', report]]]);
    });

    it('tells a trouble once for each room, and takes it back', async () => {
      await add();
      await run('a');
      await vi.waitFor(() => expect(scripted.intake).toBeDefined(), LONG);
      const intake = scripted.intake as NonNullable<typeof scripted.intake>;
      const missingRights = (room: string) => ({ code: 'rights-missing', room });
      for (const room of ['x', 'x', 'y']) await intake.trouble(missingRights(room));
      const of = (room: string) => ({
        ...{ kind: 'platform-trouble', count: 1 },
        detail: { platform: 'port', ...missingRights(room) },
      });
      expect((await attentions()).map(({ detail }) => detail).sort()).toEqual([of('x').detail, of('y').detail]);
      await intake.settled(missingRights('x'));
      expect(await attentions()).toEqual([of('y')]);
      await platforms.remove('port', 'anna');
      expect(await attentions()).toEqual([]);
    });

    it('carries out orders where it is held, within its time, and nowhere else', async () => {
      await add();
      const held = await run('a');
      await vi.waitFor(() => expect(held.held).toEqual(['port']), LONG);
      const code = (expected: string) => expect.objectContaining({ code: expected });
      await expect(held.act('port', order('remove'), idle)).resolves.toBe('done');
      await expect(held.act('other', order('remove'), idle)).rejects.toEqual(code('platform-unreachable'));
      await expect(held.act('port', order('close-room'), idle)).rejects.toEqual(code('act-unsupported'));
      scripted.answer = async () => {
        throw new TypeError('not what it should be');
      };
      await expect(held.act('port', order('remove'), idle)).rejects.toEqual(code('platform-unreachable'));
      scripted.answer = () => new Promise(() => undefined);
      const hanging = held.act('port', order('remove'), AbortSignal.abort(new VigieError('shutting-down')));
      await expect(hanging).rejects.toEqual(code('shutting-down'));
    });

    it('fetches with the credentials of the platform', async () => {
      await add();
      const fetch = fetchFromPlatform({ database, store, kinds: [scripted.kind], house });
      const read: Uint8Array[] = [];
      for await (const piece of await fetch('port', 'f1', idle)) read.push(piece);
      expect(Buffer.concat(read).toString()).toBe('f1 by open');
      await expect(fetch('other', 'f1', idle)).rejects.toEqual(expect.objectContaining({ code: 'platform-not-found' }));
    });

    it('shows no credential, and refuses what is not valid', async () => {
      const shown = await add();
      expect(JSON.stringify([shown, await platforms.ls()])).not.toContain('"open"');
      expect(shown).toMatchObject({ settings: { town: 'here' }, dryRun: true, state: 'new' });
      const code = (expected: string) => expect.objectContaining({ code: expected });
      await expect(add()).rejects.toEqual(code('platform-name-taken'));
      await expect(add({ name: 'Up' })).rejects.toEqual(code('platform-name-invalid'));
      await expect(add({ name: 'b', kind: 'none' })).rejects.toEqual(code('platform-kind-unknown'));
      const invalid = add({ name: 'b', credentials: { word: '', more: 'hush' } });
      await expect(invalid).rejects.toMatchObject({
        code: 'platform-settings-invalid',
        detail: 'credentials.word: too_small; credentials: unrecognized_keys',
      });
      await expect(platforms.test('port', idle)).resolves.toEqual({ town: 'here' });
    });
  });
});
