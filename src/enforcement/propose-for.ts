import type { VerdictTold } from '../intake/intake-parts.js';
import { findingsOf } from '../policy/context.js';
import { type NumberedPolicy, propose } from '../policy/engine.js';
import type { Proposal } from '../policy/proposal.js';
import { confirmedItems } from '../storage/author-history.js';
import type { Db } from '../storage/schema.js';

const HISTORY_MS = 366 * 86_400_000;

/** What of a verdict a policy goes by. */
export type ProposedFor = Pick<VerdictTold, 'verdict' | 'reason' | 'media' | 'words' | 'at' | 'surface'> & {
  readonly item: Pick<VerdictTold['item'], 'platform' | 'lane' | 'room' | 'accountId' | 'jurisdiction'>;
};

/**
 * What the active policy proposes for a verdict, in the transaction that stores it.
 * @param active the policy that verdicts are judged by now
 */
export function proposeFor(active: () => NumberedPolicy) {
  return async (tx: Db, told: ProposedFor): Promise<readonly Proposal[]> => {
    const { verdict, reason, media, words, at, surface, item } = told;
    const { platform, lane, room, accountId: account, jurisdiction } = item;
    const policy = active();
    const asksHistory = policy.rules.some(({ when }) => when['author-confirmed'] !== undefined);
    const window = { since: new Date(at.getTime() - HISTORY_MS), until: at };
    const history = asksHistory && account !== null ? await confirmedItems(tx, [account], window) : undefined;
    return propose(policy, {
      ...{ at, verdict, reason, platform, surface, lane, room, account, jurisdiction, score: null },
      findings: findingsOf({ media, ...(words === undefined ? {} : { words }) }),
      confirmedAt: (account === null ? undefined : history?.get(account)) ?? [],
    });
  };
}
