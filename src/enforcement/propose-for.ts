import type { VerdictTold } from '../intake/intake-parts.js';
import { findingsOf } from '../policy/context.js';
import { type NumberedPolicy, propose } from '../policy/engine.js';
import type { Proposal } from '../policy/proposal.js';
import { HISTORY_MS } from '../policy/verdict-conditions.js';
import { confirmedItems } from '../storage/author-history.js';
import type { Db } from '../storage/schema.js';

/** What a policy proposes for a verdict: what is known by itself, or what the transaction that stores it has to find out. */
export type Proposing = readonly Proposal[] | ((db: Db) => Promise<readonly Proposal[]>);

/** What of a verdict a policy goes by. */
export type ProposedFor = Pick<VerdictTold, 'verdict' | 'reason' | 'media' | 'words' | 'at' | 'surface'> & {
  readonly item: Pick<VerdictTold['item'], 'platform' | 'lane' | 'room' | 'accountId' | 'jurisdiction'>;
};

/** What it proposes in the end. */
export async function proposalsOf(proposing: Proposing, db: Db): Promise<readonly Proposal[]> {
  return typeof proposing === 'function' ? await proposing(db) : proposing;
}

/**
 * What the active policy proposes for a verdict.
 * @param active the policy that verdicts are judged by now
 */
export function proposeFor(active: () => NumberedPolicy) {
  return (told: ProposedFor): Proposing => {
    const { verdict, reason, media, words, at, surface, item } = told;
    const { platform, lane, room, accountId: account, jurisdiction } = item;
    const policy = active();
    const judge = (confirmedAt: readonly Date[]) =>
      propose(policy, {
        ...{ at, verdict, reason, platform, surface, lane, room, account, jurisdiction, score: null },
        findings: findingsOf({ media, ...(words === undefined ? {} : { words }) }),
        confirmedAt,
      });
    const asksHistory = policy.rules.some(({ when }) => when['author-confirmed'] !== undefined);
    if (!asksHistory || account === null) return judge([]);
    const window = { since: new Date(at.getTime() - HISTORY_MS), until: at };
    return async (db) => judge((await confirmedItems(db, [account], window)).get(account) ?? []);
  };
}
