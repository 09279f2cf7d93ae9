import type { Db } from '../schema.js';
import { commit, isNoPayload, SALT_BYTES } from './commitment.js';
import type { SealedEvent } from './event-leaf.js';
import { type SubjectKeys, unsealWith } from './subject-keys.js';

export interface PayloadFault {
  readonly event: string;
  readonly kind: 'payload-altered' | 'payload-missing' | 'payload-inserted';
  readonly detail: string;
}

const AT_ONCE = 1_000;

/** Payloads that do not open to what their events commit to. Those of erased subjects are rightly gone. */
export async function faultsOfPayloads(
  db: Db,
  keys: SubjectKeys,
  events: readonly SealedEvent[],
): Promise<PayloadFault[]> {
  const faults: PayloadFault[] = [];
  for (let from = 0; from < events.length; from += AT_ONCE) {
    const page = events.slice(from, from + AT_ONCE);
    const found = new Set((await faultsOfPage(db, keys, page)).map(({ event }) => event));
    if (found.size === 0) continue;
    // A subject may have been erased between the look at its payloads and that at its key: what stays is at fault.
    const again = page.filter(({ id }) => found.has(id));
    faults.push(...(await faultsOfPage(db, keys, again)));
  }
  return faults;
}

async function faultsOfPage(db: Db, keys: SubjectKeys, events: readonly SealedEvent[]): Promise<PayloadFault[]> {
  const ids = events.map(({ id }) => id);
  const rows = await db.selectFrom('event_payload').selectAll().where('event_id', 'in', ids).execute();
  const payloads = new Map(rows.map((row) => [row.event_id, row]));
  const subjects = await keys.find(
    db,
    events.map(({ subject }) => subject),
  );
  return events.flatMap(({ id, subject, commitment }): PayloadFault[] => {
    const payload = payloads.get(id);
    const key = subjects.get(subject);
    const committed = Buffer.from(commitment, 'hex');
    if (isNoPayload(committed)) {
      return payload === undefined ? [] : [{ event: id, kind: 'payload-inserted', detail: 'the event has none' }];
    }
    if (payload === undefined) {
      return key === 'erased' ? [] : [{ event: id, kind: 'payload-missing', detail: 'its subject was not erased' }];
    }
    if (key === undefined || key === 'erased') {
      return [{ event: id, kind: 'payload-altered', detail: 'the key of its subject is gone' }];
    }
    try {
      const plain = unsealWith(key, payload.sealed, id);
      if (Buffer.from(commit(plain.subarray(0, SALT_BYTES), plain.subarray(SALT_BYTES))).equals(committed)) return [];
      return [{ event: id, kind: 'payload-altered', detail: 'it is not what the event commits to' }];
    } catch {
      return [{ event: id, kind: 'payload-altered', detail: 'it cannot be opened' }];
    }
  });
}
