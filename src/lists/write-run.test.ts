import { describe, expect, it } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Database } from '../storage/database.js';
import { createList } from '../storage/list-store.js';
import { WriteRuns } from './write-run.js';

const source = { name: 'a.csv', fingerprint: 'f' };
const resumable = async () => true;

/** On a server, as an embedded database has no other node. */
describe.each(DATABASES.slice(1))('a run that a node holds on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('is', () => {
    let database: Database;
    let lists = 0;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });

    const gone = new Set<string>();
    const node = (id: string) => new WriteRuns(database, { id, hasLeft: async (other) => gone.has(other) });
    const list = async () => (await createList(database.db, `list-${lists++}`)).id;

    it('left to it while it may live, and free at once when it has left', async () => {
      const id = await list();
      const { run } = await node('one').claim(id, source);
      await expect(node('two').claim(id, source)).rejects.toMatchObject({ code: 'import-in-progress' });
      gone.add('one');
      await using taken = await node('two').claim(id, { ...source, resumable });
      expect(taken).toMatchObject({ resumed: true, run: { id: run.id } });
      await expect(node('three').claim(id, source)).rejects.toMatchObject({ code: 'import-in-progress' });
    });

    it('taken over by one of several who try at once', async () => {
      const id = await list();
      await node('four').claim(id, source);
      gone.add('four');
      const tries = await Promise.allSettled(
        ['five', 'six', 'seven'].map((each) => node(each).claim(id, { ...source, resumable })),
      );
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('free when the process that had it is the one that asks', async () => {
      const id = await list();
      await node('eight').claim(id, source);
      await using again = await node('eight').claim(id, { ...source, resumable });
      expect(again.resumed).toBe(true);
    });

    it('not lost by the clock of a process that jumps', async () => {
      const id = await list();
      await using held = await node('nine').claim(id, source);
      const now = Date.now;
      try {
        Date.now = () => now() + 3_600_000;
        await expect(node('ten').claim(id, source)).rejects.toMatchObject({ code: 'import-in-progress' });
      } finally {
        Date.now = now;
      }
      expect(held.resumed).toBe(false);
    });
  });
});
