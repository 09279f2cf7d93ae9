/** The life of a proposal: one table, no input or output. */
import { type ErrorCode, VigieError } from '../errors.js';
import type { ProposalState } from '../storage/schema.js';

export type ProposalMove = 'approve' | 'refuse' | 'take-back' | 'expire';

/** Who may make a move: somebody else than the proposer, the proposer alone, anybody with the scope for it, the service. */
type Mover = 'other' | 'proposer' | 'anybody' | 'service';

interface Rule {
  readonly to: ProposalState;
  readonly mover: Mover;
  /** Whether its time must be over, or must not be; it does not matter when left out. */
  readonly over?: boolean;
}

/** What leads from where to where; what is not here is not possible. */
export const PROPOSAL_MOVES: Readonly<Record<ProposalState, Readonly<Partial<Record<ProposalMove, Rule>>>>> = {
  proposed: {
    approve: { to: 'approved', mover: 'other', over: false },
    refuse: { to: 'refused', mover: 'anybody' },
    'take-back': { to: 'taken-back', mover: 'proposer' },
    expire: { to: 'expired', mover: 'service', over: true },
  },
  approved: {},
  refused: {},
  expired: {},
  'taken-back': {},
};

/** Who moves on behalf of nobody. */
export const SERVICE = 'service';

const NOT_BY: Readonly<Record<Mover, ErrorCode>> = {
  other: 'approval-own',
  proposer: 'scope-missing',
  anybody: 'scope-missing',
  service: 'scope-missing',
};

/**
 * The state that a move leads to.
 * @param by id of the principal who makes it, or `SERVICE`
 * @throws VigieError `proposal-closed` when it was decided or its time is over; `approval-own` when the proposer would
 * approve it; `scope-missing` when it is not for them
 */
export function nextState(
  proposal: { readonly state: ProposalState; readonly proposedBy: string; readonly closesAt: Date },
  move: ProposalMove,
  by: string,
  now: Date,
): ProposalState {
  const rule = PROPOSAL_MOVES[proposal.state][move];
  if (rule === undefined) throw new VigieError('proposal-closed', { detail: proposal.state });
  const over = proposal.closesAt.getTime() <= now.getTime();
  if (rule.over !== undefined && rule.over !== over) {
    throw new VigieError('proposal-closed', { detail: over ? 'its time is over' : 'its time is not over' });
  }
  if (!may(rule.mover, by, proposal.proposedBy)) throw new VigieError(NOT_BY[rule.mover]);
  return rule.to;
}

function may(mover: Mover, by: string, proposer: string): boolean {
  switch (mover) {
    case 'other':
      return by !== proposer && by !== SERVICE;
    case 'proposer':
      return by === proposer;
    case 'anybody':
      return by !== SERVICE;
    case 'service':
      return by === SERVICE;
  }
}
