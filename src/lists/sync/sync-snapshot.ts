import type { Snapshot, SnapshotSource } from '../sources/source.js';
import { RemovalGuard } from './removal-guard.js';
import type { SyncWork } from './source-sync.js';
import { SyncProgress } from './sync-progress.js';

/**
 * Makes the list what its source says it is, unless nothing has changed.
 * @throws Held when it would remove too much; VigieError of the source and of the import, `source-busy`
 */
export async function syncSnapshot(source: SnapshotSource, work: SyncWork): Promise<'up-to-date'> {
  const { checkpoint, anew } = work.source;
  await source.fetch(anew ? undefined : checkpoint, work.signal, (snapshot) => take(snapshot, work));
  return 'up-to-date';
}

async function take({ input, format, name, checkpoint, ...parser }: Snapshot, work: SyncWork): Promise<true> {
  const { lists, source, signal } = work;
  const progress = new SyncProgress(work);
  const guard = new RemovalGuard(source);
  let judged = { added: 0, changed: 0, removed: 0, entries: 0 };
  await lists.import({
    ...parser,
    ...{ list: source.listName, input, format, sourceName: name, signal },
    sync: {
      checkpoint,
      judge: async (staged) => {
        judged = await lists.compare(source.listId, staged, signal);
        guard.judge(judged.removed, judged.entries);
        return judged.added + judged.changed + judged.removed > 0;
      },
      also: async (tx, report, sameVersion) => {
        const { entries, ...counts } = judged;
        guard.note(counts.removed, entries);
        await progress.save(tx, {
          ...{ ...counts, returned: 0, setAside: [], unused: {}, report, checkpoint, sameVersion, toldAnew: true },
          removals: guard.settled,
          where: (line) => `line ${line}`,
        });
      },
    },
  });
  return true;
}
