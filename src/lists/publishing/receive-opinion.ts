import { VigieError } from '../../errors.js';
import { raiseAttention } from '../../storage/attention/raise-attention.js';
import type { Database } from '../../storage/database.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { opinionsOf, putOpinion } from '../../storage/publishing/opinion-store.js';
import { touchEntries } from '../../storage/publishing/publication-store.js';
import type { Lists } from '../lists.js';
import { currentEntry, isOf } from './feed-reader.js';
import type { MemberList } from './publications.js';

/** What a member says of an entry. */
export interface ReceivedOpinion {
  readonly entryId: string;
  readonly affirmative: boolean;
  /** The type of the signal that matched. */
  readonly signal: string;
  /** Why it is not what the list says, in the words of the exchange. */
  readonly reason: string | null;
}

/**
 * Takes in what a member thinks of an entry: written down, told to all members with the entry, and put before a person
 * when too many doubt it. The same again changes nothing.
 * @throws VigieError `entry-not-found`, also for what this member does not get
 */
export async function receiveOpinion(
  {
    database,
    lists,
    record,
  }: { readonly database: Database; readonly lists: Lists; readonly record?: RecordEvent | undefined },
  { list, publication, member, grades }: MemberList,
  { entryId, affirmative, signal, reason }: ReceivedOpinion,
): Promise<void> {
  const entry = await currentEntry(await lists.asLoaded(list.id), entryId);
  if (entry === undefined || !isOf(entry, grades)) throw new VigieError('entry-not-found');
  await database.transaction(async (tx) => {
    const opinion = { entryId, memberId: member.id, affirmative, signal, reason };
    if (!(await putOpinion(tx, list.id, opinion))) return;
    await record?.(tx, {
      ...{ kind: 'opinion.received', actor: `member-${member.id}`, subject: `list:${list.id}` },
      refs: { list: list.id, member: member.id, affirmative, signal },
      payload: { entry: entryId, reason },
    });
    await touchEntries(tx, list.id, [entryId]);
    const doubts = (await opinionsOf(tx, list.id, [entryId])).filter((each) => !each.affirmative).length;
    if (affirmative || doubts < publication.doubts) return;
    await raiseAttention(tx, {
      ...{ kind: 'entry-doubted', cause: `${list.id}/${entryId}`, subject: `list:${list.id}` },
      detail: { list: list.name, entry: entryId, doubts },
    });
  });
}
