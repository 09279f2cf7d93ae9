import type { Proposal } from '../policy/proposal.js';
import type { Subject } from '../storage/enforcement/action-store.js';
import { receiverOfPlatform } from './action-orders.js';
import type { WantedAct } from './action-writer.js';
import type { Act } from './acts.js';
import type { JudgedItem } from './judged-item.js';

/** The act on a platform that a proposal stands for; what is blocked before it is public is removed where it is. */
function actOf({ act }: Proposal): Act | undefined {
  if (act === 'block') return 'remove';
  return act === 'preserve' || act === 'open-case' || act === 'report' ? undefined : act;
}

/** Whom a proposal is about; undefined when the item has no such account or room. */
export function subjectOf(item: JudgedItem, { subject: kind }: Pick<Proposal, 'subject'>): Subject | undefined {
  const id = { item: item.id, account: item.accountId, room: item.room }[kind];
  return id === null ? undefined : { platform: item.platform, kind, id };
}

/**
 * Proposals as acts, in the order in which their effects are to be written.
 * @param lists ids of lists by their names
 */
export function wantedActs(
  item: JudgedItem,
  proposals: readonly Proposal[],
  lists: ReadonlyMap<string, string>,
): readonly WantedAct[] {
  const wanted = proposals.flatMap((proposal): WantedAct[] => {
    const act = actOf(proposal);
    const subject = subjectOf(item, proposal);
    if (act === undefined || subject === undefined) return [];
    const { rule, policyVersion, reason, message = null, needsPerson, entry } = proposal;
    const listId = entry === null ? undefined : lists.get(entry.list);
    // A list that has just gone leaves an act that rests on nothing: it is not done.
    if (entry !== null && listId === undefined) return [];
    const { id: itemId, verdictId, seenAt, fetchedAt, verdictAt, eventId: cause } = item;
    return [
      {
        ...{ act, subject, itemId, verdictId, rule, policyVersion, reason, message, needsPerson },
        entry: entry === null || listId === undefined ? null : { listId, entryId: entry.entry },
        ...{ cause, times: { seenAt, fetchedAt, verdictAt }, by: null },
      },
    ];
  });
  const nameOf = ({ subject: { platform, kind, id } }: WantedAct) => `${receiverOfPlatform(platform)}/${kind}:${id}`;
  return wanted.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}
