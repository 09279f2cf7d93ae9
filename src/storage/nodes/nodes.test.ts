import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { raiseAttention, settleAttention } from '../attention/raise-attention.js';
import type { Database } from '../database.js';
import { takeNodeFile } from './node-file.js';
import { NodeTable, type NodeTableOptions } from './node-table.js';

describe.each(DATABASES)('the table of nodes on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('tells', () => {
    let database: Database;
    const opened: NodeTable[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(() => sql`TRUNCATE node, attention CASCADE`.execute(database.db).then(() => undefined));
    afterEach(async () => {
      for (const node of opened.splice(0)) await node.close();
    });

    /** One that gives signs of life only when it is told to. */
    const node = async (options: Partial<NodeTableOptions> = {}, before?: string): Promise<NodeTable> => {
      const table = new NodeTable({
        database,
        role: 'worker',
        version: '1.2.3',
        state: () => ({ appliedSeq: 7, ready: true }),
        raise: (tx, { id, name }) =>
          raiseAttention(tx, { kind: 'node-stale', cause: id, subject: `node:${id}`, detail: { name } }),
        settle: (tx, id) => settleAttention(tx, { kind: 'node-stale', cause: id }, 'service'),
        failed: () => undefined,
        beatMs: 3_600_000,
        ...options,
      });
      await table.start(before);
      opened.push(table);
      return table;
    };

    /** The database's clock is the only one that counts, so this is how time passes. */
    const silence = async (id: string, seconds: number): Promise<void> => {
      await sql`UPDATE node SET seen_at = now() - ${seconds}::float8 * interval '1 second' WHERE id = ${id}`.execute(
        database.db,
      );
    };

    const attentions = () =>
      database.db.selectFrom('attention').select(['cause', 'state']).orderBy('first_at').execute();

    it('who is there, how far each is, and who has left', async () => {
      const one = await node({ name: 'machine' });
      const two = await node({ role: 'serve', state: () => ({ appliedSeq: 9, ready: false }) });
      expect(await one.all()).toMatchObject([
        { id: one.id, name: 'machine', role: 'worker', version: '1.2.3', appliedSeq: 7, ready: true, leftAt: null },
        { id: two.id, role: 'serve', appliedSeq: 9, ready: false, leftAt: null },
      ]);
      expect(await one.hasLeft(two.id)).toBe(false);
      await two.close();
      expect(await one.hasLeft(two.id)).toBe(true);
      expect((await one.all())[1]?.leftAt).toBeInstanceOf(Date);
      expect(await one.stale()).toEqual([]);
    });

    it('of a node that is silent, once, and that it is back', async () => {
      const [one, two] = [await node(), await node()];
      await one.watch();
      await silence(two.id, 9);
      await one.watch();
      expect(await attentions()).toEqual([]);
      await silence(two.id, 11);
      expect(await one.stale()).toMatchObject([{ id: two.id }]);
      await one.watch();
      await one.watch();
      expect(await attentions()).toEqual([{ cause: two.id, state: 'open' }]);
      await two.beat();
      await one.watch();
      expect(await attentions()).toEqual([{ cause: two.id, state: 'resolved' }]);
      await silence(two.id, 11);
      await one.watch();
      expect((await attentions()).map(({ state }) => state)).toEqual(['resolved', 'open']);
    });

    it('that a node is back although the one who missed it has ended', async () => {
      const [one, two] = [await node(), await node()];
      await silence(two.id, 60);
      await one.watch();
      await one.close();
      await two.beat();
      await (await node()).watch();
      expect(await attentions()).toEqual([{ cause: two.id, state: 'resolved' }]);
    });

    it('of one that was forgotten while it slept, when it wakes', async () => {
      const [one, two] = [await node({ forgetMs: 3_600_000 }), await node()];
      await silence(two.id, 7_200);
      await one.watch();
      expect((await one.all()).map(({ id }) => id)).toEqual([one.id]);
      expect((await attentions()).map(({ state }) => state)).toEqual(['resolved']);
      await two.beat();
      expect(await one.all()).toHaveLength(2);
      expect(await one.stale()).toEqual([]);
    });

    it('that the process is gone which had the data directory before', async () => {
      const root = await mkdtemp(join(tmpdir(), 'vigie-node-'));
      try {
        const path = join(root, 'node');
        expect(await takeNodeFile(path, 'first')).toBeUndefined();
        const killed = await node();
        expect(await takeNodeFile(path, killed.id)).toBe('first');
        const watcher = await node();
        await silence(killed.id, 20);
        await watcher.watch();
        const next = await node({}, await takeNodeFile(path, 'next'));
        expect(await next.hasLeft(killed.id)).toBe(true);
        expect(await attentions()).toEqual([{ cause: killed.id, state: 'resolved' }]);
      } finally {
        await rm(root, { recursive: true });
      }
    });

    it('nothing wrong when the clock of a process jumps', async () => {
      const [one, two] = [await node(), await node()];
      const now = Date.now;
      try {
        for (const jump of [-3_600_000, 3_600_000]) {
          Date.now = () => now() + jump;
          await one.beat();
          await two.beat();
          await one.watch();
          expect(await one.stale()).toEqual([]);
          expect(await attentions()).toEqual([]);
        }
      } finally {
        Date.now = now;
      }
    });
  });
});
