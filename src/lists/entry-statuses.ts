import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { setEntryStatus } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { getList, lockList } from '../storage/list-store.js';
import type { EntryStatusName } from '../storage/schema.js';
import { type Approved, assertOnePersonMaySet } from './approval.js';
import { liftQuarantine } from './flood/quarantine.js';
import type { ListFollower } from './list-follower.js';
import { type ListLoader, livenessOf } from './list-loader.js';
import { overruleSource } from './overrule-source.js';

export interface EntryStatusesOptions {
  readonly database: Database;
  readonly loader: ListLoader;
  readonly follower: ListFollower;
  readonly record?: RecordEvent | undefined;
}

/** Who changes the status of an entry, and why. */
export interface StatusChange {
  readonly reason: string;
  /** Id of the principal. */
  readonly by: string | null;
  /** Also where the source of the list has removed the entry; two persons who approve it overrule it anyway. */
  readonly overrule?: boolean;
}

/** What people say of entries: whether they match. */
export class EntryStatuses {
  readonly #options: EntryStatusesOptions;

  constructor(options: EntryStatusesOptions) {
    this.#options = options;
  }

  /**
   * Sets the status of entries. It has taken effect in this process when this returns, and in every other one within a
   * second.
   * @throws VigieError `list-not-found`, `entry-not-found`, `approval-required`, `entry-removed-by-source`; what the
   * approval throws
   */
  async set(
    name: string,
    entryIds: string | readonly string[],
    status: EntryStatusName,
    { reason, by, overrule }: StatusChange,
    approved?: Approved,
  ): Promise<void> {
    const { database, record, loader, follower } = this.#options;
    const { id: listId } = await getList(database.db, name);
    const ids = typeof entryIds === 'string' ? [entryIds] : entryIds;
    // What is not loaded cannot be checked, and must be withdrawable all the same.
    const list = loader.loaded(listId);
    const words = loader.loadedWords(listId)?.segment;
    for (const id of list === undefined && words === undefined ? [] : ids) {
      if (((await list?.find(id)) ?? (await words?.findRow(id))) === undefined) throw new VigieError('entry-not-found');
    }
    const change = { listId, entryIds: ids, status, reason, changedBy: by, origin: 'person' } as const;
    const quiet = await database.transaction(async (tx) => {
      const stored = await lockList(tx, listId);
      if (approved !== undefined) await approved.within(tx);
      else await assertOnePersonMaySet(tx, stored, ids, status);
      if (status === 'active') {
        const both = approved !== undefined;
        const whether = { overrule: overrule ?? both, approved: both };
        await overruleSource(tx, { list: stored, entryIds: ids, reason, by, record, ...whether });
      }
      await record?.(tx, {
        kind: 'entry.status-changed',
        ...(by === null ? {} : { actor: by }),
        subject: `list:${listId}`,
        refs: { list: listId, status, count: ids.length },
        payload: { entries: [...ids], reason },
      });
      await setEntryStatus(tx, change);
      // Whoever restores an entry has looked at it.
      if (status === 'active') await liftQuarantine(tx, listId, ids, by);
      return await livenessOf(tx, listId, ids);
    });
    try {
      await follower.poll();
    } catch {
      // It is committed; that the log cannot be read just now must not keep it from taking effect here.
      await loader.setEntries(listId, new Map(ids.map((id) => [id, quiet.get(id) ?? true])));
    }
  }
}
