import type { AppParts } from './app-parts.js';
import { inIndexOrder } from './storage/in-index-order.js';
import { oldestWaiting } from './storage/items/item-upkeep.js';
import { freeSpace, type Watched } from './watch.js';

/** Events are sealed each second; a batch that is so late needs somebody. */
const UNSEALED_MS = 60_000;
/** Of the file system of the data directory: below either, somebody has to make room. */
const DISK_LOW = { share: 0.05, bytes: 2 ** 30 };
/** An item that waits so long says that more comes in than is looked at. */
const WAITING_MS = 5 * 60_000;
/** Between this process's clock and the database's. */
const CLOCK_OFF_MS = 5_000;

export interface OwnState {
  readonly parts: AppParts;
  /** Whether decoder processes were started, and so have to be there. */
  readonly decoding: boolean;
  /** Routes that failed for a reason that nobody foresaw, and how often. */
  readonly unforeseen: ReadonlyMap<string, number>;
}

/** What of a process may need somebody. @throws VigieError of the database */
export async function lookAtOwnState({ parts, decoding, unforeseen }: OwnState): Promise<readonly Watched[]> {
  const { lists, pool, floor, dataDir } = parts;
  const { unsealed, oldestUnsealed } = await floor.audit.sealed();
  const { now: databaseNow, oldest } = await inIndexOrder(parts.database, oldestWaiting);
  const now = databaseNow.getTime();
  const late = oldestUnsealed === null ? 0 : now - oldestUnsealed.getTime();
  const waiting = oldest === null ? 0 : now - oldest.getTime();
  const off = Math.abs(Date.now() - now);
  const { share, bytes } = await freeSpace(dataDir.path);
  const low = share < DISK_LOW.share || bytes < DISK_LOW.bytes;
  const lost = decoding && pool.processes.length === 0;
  const when = (amiss: boolean, trouble: NonNullable<Watched['trouble']>) => (amiss ? trouble : undefined);
  return [
    { kind: 'events-unsealed', cause: 'late', trouble: when(late > UNSEALED_MS, { events: unsealed }) },
    { kind: 'disk-low', cause: 'data', trouble: when(low, { percent: Math.round(share * 100), bytes }) },
    { kind: 'decoders-lost', cause: 'none', trouble: when(lost, { processes: 0 }) },
    { kind: 'clock-off', cause: 'database', trouble: when(off > CLOCK_OFF_MS, { seconds: Math.round(off / 1_000) }) },
    {
      kind: 'work-backlog',
      cause: 'waiting',
      trouble: when(waiting > WAITING_MS, { ...(await depth(parts)), minutes: Math.round(waiting / 60_000) }),
    },
    ...[...unforeseen].map(([route, count]) => ({
      kind: 'assertion-failed' as const,
      cause: route,
      trouble: { route, count },
    })),
    ...lists.problems().map(({ list, detail }) => ({
      kind: 'index-incomplete' as const,
      cause: `list ${list}`,
      trouble: { list, detail },
    })),
  ];
}

async function depth({ stream }: AppParts): Promise<{ live: number; backfill: number } | Record<string, never>> {
  try {
    const { live, backfill } = await stream.depth();
    return { live, backfill };
  } catch {
    // The stream is away; that items wait is what somebody has to know.
    return {};
  }
}
