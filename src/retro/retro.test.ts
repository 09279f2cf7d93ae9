/** New entries against what was seen, from the lists to the finds: real threads, real files, and a process that is killed. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyEmptyDatabase } from '../../test/database-templates.js';
import type { Entry } from '../index/entry.js';
import type { FrameSignals } from '../media/media-signals.js';
import { entryPoint } from '../runtime/entry-point.js';
import type { SeenOrigin } from '../scan/seen-log.js';
import { turnedHash } from '../signals/pdq/dihedral.js';
import { type Database, openDatabase } from '../storage/database.js';
import { createList } from '../storage/list-store.js';
import { randomId } from '../storage/random-id.js';
import { openRetro, type TestRetro } from './testing/open-retro.js';
import type { RetroOrder } from './testing/retro-process.js';

const LIST = 'hotline';
const PATIENCE = { timeout: 300_000 };

function near(hash: Uint8Array, bits: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  for (let i = 0; i < bits; i++) copy[i]! ^= 1;
  return copy;
}

function picture(pdq: Uint8Array, area: FrameSignals['area'] = 'full'): FrameSignals {
  return { frame: 0, area, quality: 90, pdq };
}

const entryOf = (id: string, pdq: Uint8Array): Entry => ({
  id,
  grade: 'A',
  signals: [{ type: 'pdq', value: pdq, active: true }],
});

describe('Retro-match', () => {
  let root: string;
  let database: Database;
  let node: TestRetro;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-retro-'));
    await copyEmptyDatabase(join(root, 'db'));
    database = await openDatabase({ dataDir: join(root, 'db') }, { allowNoFsync: true, fsync: false });
    node = await openRetro(database, root);
    await createList(database.db, LIST);
  });
  afterEach(async () => {
    await node[Symbol.asyncDispose]();
    await database.close();
    await rm(root, { recursive: true, force: true });
  });

  /** Writes media into a file of their own. */
  async function see(
    media: readonly { of?: SeenOrigin; frames: readonly FrameSignals[]; appliedSeq?: number; md5?: Uint8Array }[],
  ): Promise<void> {
    await using log = node.openSeen();
    for (const { of, frames, appliedSeq = node.lists.appliedSeq, md5 = randomBytes(16) } of media) {
      const digests = { sha256: randomBytes(32), sha1: randomBytes(20), md5 };
      await log.append({ of, digests, frames, video: false, appliedSeq });
    }
  }

  const add = (entries: readonly Entry[]) => node.lists.addEntries(LIST, entries);
  const events = async () => {
    const { rows } = await sql<{ kind: string }>`
      SELECT kind FROM event WHERE kind LIKE '%matched-later' ORDER BY at`.execute(database.db);
    return rows.map(({ kind }) => kind);
  };
  const attentions = async () => {
    const { rows } = await sql<{ kind: string; detail: Record<string, unknown> }>`
      SELECT kind, detail FROM attention WHERE state = 'open' ORDER BY kind`.execute(database.db);
    return rows;
  };

  it('finds what was seen before an entry came, once, and says what leads to it', PATIENCE, async () => {
    const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const turned = new Uint8Array(32);
    turnedHash(two, 5, turned);
    const item = randomId();
    const md5 = randomBytes(16);
    await see([
      { of: { text: 'message 7' }, frames: [picture(near(one, 9), 'trimmed')] },
      { of: { item, ordinal: 2 }, frames: [picture(turned)] },
      { frames: [], md5 },
      { frames: [picture(randomBytes(32))] },
    ]);
    await add([entryOf('one', one), entryOf('two', two), entryOf('three', three)]);
    await add([{ id: 'four', signals: [{ type: 'md5', value: md5, active: true }] }]);
    // Looked up with all of them: no find, whatever it holds.
    await see([{ frames: [picture(three)] }]);
    expect(await node.retro.turn()).toBe(1);
    const finds = await node.retro.finds({ limit: 10 });
    expect(finds).toHaveLength(3);
    const ofEntry = (entry: string) => finds.find((find) => find.entry === entry);
    expect(ofEntry('one')).toMatchObject({ itemRef: 'message 7', item: null, outcome: 'told' });
    expect(ofEntry('one')?.detail).toMatchObject({ distance: 9, view: 'trimmed', extent: 'full', signal: 'pdq' });
    expect(ofEntry('two')).toMatchObject({ item, medium: 2, itemRef: null });
    expect(ofEntry('two')?.detail).toMatchObject({ distance: 0, view: 'flipY', grade: 'A' });
    expect(ofEntry('four')?.detail).toMatchObject({ distance: 0, signal: 'md5', grade: null });
    expect(await node.retro.finds({ limit: 10, itemRef: 'message 7' })).toMatchObject([{ entry: 'one' }]);
    expect(await node.retro.finds({ limit: 10, item })).toMatchObject([{ entry: 'two' }]);
    expect((await events()).sort()).toEqual(['item.matched-later', 'scan.matched-later', 'scan.matched-later']);
    expect(await attentions()).toMatchObject([{ kind: 'matched-later', detail: { list: LIST } }]);
    // Asked again, over everything: the same finds are no new ones.
    expect(await node.retro.turn()).toBe(0);
    expect(await node.retro.ask(LIST, 'somebody')).toBe(1);
    expect(await node.retro.turn()).toBe(1);
    expect(node.told).toHaveLength(3);
    const [run] = await node.retro.ls(10);
    expect(run).toMatchObject({ cause: 'asked', state: 'done', entries: 4, records: 5, fromVersion: null });
  });

  it('tries only what is new, also when a list was published anew', PATIENCE, async () => {
    const hashes = Array.from({ length: 4 }, () => randomBytes(32));
    await add(hashes.slice(0, 2).map((hash, i) => entryOf(`e${i}`, hash)));
    await node.retro.turn();
    await see(hashes.map((hash) => ({ frames: [picture(hash)], appliedSeq: 0 })));
    const [, second, third, fourth] = hashes as [Buffer, Buffer, Buffer, Buffer];
    const other = randomBytes(32);
    const file = join(root, 'list.csv');
    const lines = [`e1,${second.toString('hex')}`, `e0,${other.toString('hex')}`, `e2,${third.toString('hex')}`];
    await writeFile(file, ['id,pdq', ...lines, ''].join('\n'));
    await node.lists.import({ list: LIST, input: { path: file } });
    await node.retro.turn();
    expect(await node.retro.finds({ limit: 10 })).toMatchObject([{ entry: 'e2' }]);
    const [run] = await node.retro.ls(1);
    expect(run).toMatchObject({ fromVersion: 1, toVersion: 2, entries: 2 });
    // A merge makes new segments and no new entries.
    await add([entryOf('e3', fourth)]);
    expect(await node.lists.compact({ list: LIST, enough: 1 })).toEqual([LIST]);
    await node.retro.turn();
    expect((await node.retro.finds({ limit: 10 })).map(({ entry }) => entry).sort()).toEqual(['e2', 'e3']);
    expect((await node.retro.ls(1))[0]).toMatchObject({ entries: 1 });
  });

  it(
    'says nothing of withdrawn entries and of lists that are tried out, and obeys their radius',
    PATIENCE,
    async () => {
      const [gone, wide, close] = [randomBytes(32), randomBytes(32), randomBytes(32)];
      await see([
        { frames: [picture(gone)] },
        { frames: [picture(near(wide, 12))] },
        { frames: [picture(near(close, 4))] },
      ]);
      await add([entryOf('gone', gone), entryOf('wide', wide), entryOf('close', close)]);
      await node.lists.withdraw(LIST, 'gone', { reason: 'a test', by: null });
      await sql`UPDATE list SET shadow = true, threshold = '{"pdq": 10}' WHERE name = ${LIST}`.execute(database.db);
      await node.retro.turn();
      expect(await node.retro.finds({ limit: 10 })).toMatchObject([{ entry: 'close', outcome: 'shadow' }]);
      expect(node.told).toEqual([]);
      expect(await attentions()).toEqual([]);
      expect(await events()).toEqual(['scan.matched-later']);
    },
  );

  it('passes lists of words over, also where one holds up the rest already', PATIENCE, async () => {
    const hash = randomBytes(32);
    await node.retro.turn();
    await see([{ frames: [picture(hash)] }]);
    const path = join(root, 'words.txt');
    await writeFile(path, 'lighthouse\n');
    await node.lists.import({ list: 'words', content: 'keywords', input: { path } });
    await sql`INSERT INTO retro_run (id, node, list_id, to_version, seq, cause, state)
      SELECT 'left', 'here', id, current_version, 0, 'published', 'waiting' FROM list WHERE name = 'words'`.execute(
      database.db,
    );
    await add([entryOf('one', hash)]);
    expect(await node.retro.turn()).toBe(1);
    expect(await node.retro.finds({ limit: 10 })).toMatchObject([{ entry: 'one' }]);
    expect(await node.retro.ask('words', 'somebody')).toBe(0);
    expect((await node.retro.ls(10)).map(({ list, state }) => [list, state])).toEqual([
      [LIST, 'done'],
      ['words', 'stopped'],
    ]);
  });

  it('tries entries that match again, beside what is new and without the rest', PATIENCE, async () => {
    const names = ['back', 'still-gone', 'never-gone', 'new'] as const;
    const [back, stillGone, neverGone, fresh] = names.map(() => randomBytes(32)) as [Buffer, Buffer, Buffer, Buffer];
    await add([entryOf('back', back), entryOf('still-gone', stillGone), entryOf('never-gone', neverGone)]);
    await node.retro.turn();
    const by = { reason: 'a test', by: null };
    await node.lists.withdraw(LIST, ['back', 'still-gone'], by);
    await see([back, stillGone, neverGone, fresh].map((hash) => ({ frames: [picture(hash)] })));
    await node.lists.restore(LIST, 'never-gone', by);
    expect(await node.retro.turn()).toBe(0);
    await node.lists.restore(LIST, 'back', by);
    expect(await node.retro.turn()).toBe(1);
    expect(await node.retro.finds({ limit: 10 })).toMatchObject([{ entry: 'back' }]);
    expect((await node.retro.ls(1))[0]).toMatchObject({ cause: 'restored', fromVersion: 1, toVersion: 1, entries: 1 });
    // What came meanwhile and was not tried yet is tried with it.
    await add([entryOf('new', fresh)]);
    await node.lists.restore(LIST, 'still-gone', by);
    expect(await node.retro.turn()).toBe(1);
    const finds = await node.retro.finds({ limit: 10 });
    expect(finds.map(({ entry }) => entry).sort()).toEqual(['back', 'new', 'still-gone']);
  });

  it('judges by the rules of the list as matching does', PATIENCE, async () => {
    const names = ['wanted', 'grade', 'member', 'doubted', 'far'] as const;
    const hashes = new Map(names.map((name) => [name, randomBytes(32)]));
    const entry = (name: (typeof names)[number], rest: Partial<Entry> = {}): Entry => ({
      ...{ ...entryOf(name, hashes.get(name)!), kind: 'image', member: '7' },
      ...rest,
    });
    const against = (member: string) => ({ member, affirmative: false });
    await see(names.map((name) => ({ frames: [picture(near(hashes.get(name)!, name === 'far' ? 20 : 3))] })));
    await add([
      entry('wanted'),
      entry('grade', { grade: 'B' }),
      entry('member', { member: '8' }),
      entry('doubted', { opinions: [against('9'), against('10')] }),
      entry('far'),
    ]);
    const rules = { grades: ['a'], kinds: ['Image'], notMembers: ['8'], dropAtNegative: 2 };
    const say = async (terms: { role?: string; ratio?: number }) => {
      const { role = 'block', ratio = 1 } = terms;
      await sql`UPDATE list SET threshold = '{"pdq": 10}', rules = ${JSON.stringify(rules)}::jsonb, role = ${role},
        sample_ratio = ${ratio} WHERE name = ${LIST}`.execute(database.db);
      await node.retro.ask(LIST, 'somebody');
      while ((await node.retro.turn()) > 0);
      return (await node.retro.finds({ limit: 10 })).map((find) => find.entry);
    };
    // What is good, or left out by a share, is no find; without, all that the rules admit.
    expect(await say({ role: 'allow' })).toEqual([]);
    expect(await say({ ratio: 0 })).toEqual([]);
    expect(await say({})).toEqual(['wanted']);
    const [find] = await node.retro.finds({ limit: 1 });
    expect(find?.detail).not.toHaveProperty('words');
  });

  it('tells of damage and goes on behind it, and takes a forgotten day as gone', PATIENCE, async () => {
    const hashes = Array.from({ length: 6 }, () => randomBytes(32));
    await see(hashes.slice(0, 4).map((hash) => ({ frames: [picture(hash)] })));
    await see([{ frames: [picture(hashes[4]!)] }]);
    await see([{ frames: [picture(hashes[5]!)] }]);
    const log = node.openSeen();
    const [first = '', second = ''] = await log.files();
    await log.close();
    // One record a frame, as each was waited for: the second of four is changed.
    const path = join(node.seenFolder, first);
    const bytes = await readFile(path);
    const frames = [...bytes.toString('latin1').matchAll(/VGFR/g)].map(({ index }) => index);
    bytes[(frames[1] ?? 0) + 40]! ^= 1;
    await writeFile(path, bytes);
    await add(hashes.map((hash, i) => entryOf(`e${i}`, hash)));
    await rm(join(node.seenFolder, second));
    await node.retro.turn();
    const found = (await node.retro.finds({ limit: 10 })).map(({ entry }) => entry).sort();
    expect(found).toEqual(['e0', 'e2', 'e3', 'e5']);
    expect((await attentions()).map(({ kind }) => kind)).toEqual(['matched-later', 'seen-damaged']);
    expect((await attentions())[1]?.detail).toMatchObject({ file: first, places: 1 });
    expect((await node.retro.ls(1))[0]).toMatchObject({ state: 'done', damaged: 1 });
  });

  it('stops when it is told to, and keeps what was found', PATIENCE, async () => {
    await see([{ frames: [picture(randomBytes(32))] }]);
    await add([entryOf('x', randomBytes(32))]);
    await node.retro.ask(LIST, 'somebody');
    expect(await node.retro.stop(LIST, 'somebody')).toBe(1);
    expect(await node.retro.turn()).toBe(0);
    expect((await node.retro.ls(1))[0]).toMatchObject({ state: 'stopped' });
  });

  it('goes on where it was killed, and tells each find once', PATIENCE, async () => {
    const hashes = Array.from({ length: 60 }, () => randomBytes(32));
    for (let from = 0; from < 60; from += 10) {
      await see(hashes.slice(from, from + 10).map((hash) => ({ frames: [picture(near(hash, 3))] })));
    }
    await add(hashes.map((hash, i) => entryOf(`e${i}`, hash)));
    await node[Symbol.asyncDispose]();
    await database.close();
    const run = async (dieAtFind: number) => {
      const order: RetroOrder = { dataDir: join(root, 'db'), root, dieAtFind };
      const child = fork(entryPoint(import.meta.url, './testing/retro-process.js'), [JSON.stringify(order)]);
      return await new Promise<string>((resolve) => {
        child.once('message', () => resolve('done'));
        child.once('exit', (_, signal) => resolve(signal ?? 'ended'));
      });
    };
    for (const at of [1, 8, 15]) expect(await run(at)).toBe('SIGKILL');
    expect(await run(0)).toBe('done');
    database = await openDatabase({ dataDir: join(root, 'db') }, { allowNoFsync: true, fsync: false });
    node = await openRetro(database, root);
    const finds = await node.retro.finds({ limit: 100 });
    expect(new Set(finds.map(({ entry }) => entry)).size).toBe(60);
    expect(finds).toHaveLength(60);
    expect(await events()).toHaveLength(60);
    // Two portions, since the process compares 512 hashes at once: 60 entries have 960.
    expect((await node.retro.ls(1))[0]).toMatchObject({ state: 'done', entries: 60, records: 120, finds: 60 });
  });
});
