import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VigieError } from '../errors.js';
import type { ProposalState } from '../storage/schema.js';
import { nextState, PROPOSAL_MOVES, type ProposalMove, SERVICE } from './proposal-states.js';

const states = Object.keys(PROPOSAL_MOVES) as ProposalState[];
const moves: readonly ProposalMove[] = ['approve', 'refuse', 'take-back', 'expire'];
const now = new Date('2030-01-01T00:00:00Z');

/** The state that is reached, or the code of the refusal. */
function attempt(...args: Parameters<typeof nextState>): string {
  try {
    return nextState(...args);
  } catch (error) {
    return VigieError.from(error).code;
  }
}

describe('the life of a proposal', () => {
  it('is approved by somebody else in time, and by nobody else', () => {
    const proposal = { state: 'proposed', proposedBy: 'anna', closesAt: new Date(now.getTime() + 1) } as const;
    expect(attempt(proposal, 'approve', 'ben', now)).toBe('approved');
    expect(attempt(proposal, 'approve', 'anna', now)).toBe('approval-own');
    expect(attempt(proposal, 'approve', SERVICE, now)).toBe('approval-own');
    expect(attempt(proposal, 'take-back', 'anna', now)).toBe('taken-back');
    expect(attempt(proposal, 'take-back', 'ben', now)).toBe('scope-missing');
    expect(attempt(proposal, 'refuse', 'anna', now)).toBe('refused');
    expect(attempt(proposal, 'expire', SERVICE, now)).toBe('proposal-closed');
    const over = { ...proposal, closesAt: now };
    expect(attempt(over, 'approve', 'ben', now)).toBe('proposal-closed');
    expect(attempt(over, 'expire', SERVICE, now)).toBe('expired');
    expect(attempt(over, 'expire', 'ben', now)).toBe('scope-missing');
  });

  it('ends once, whatever is tried, and never approved by its proposer', () => {
    const step = fc.record({
      move: fc.constantFrom(...moves),
      by: fc.constantFrom('anna', 'ben', 'carla', SERVICE),
      hours: fc.integer({ min: -2, max: 2 }),
    });
    fc.assert(
      fc.property(fc.constantFrom('anna', 'ben'), fc.array(step, { maxLength: 12 }), (proposedBy, steps) => {
        let state: ProposalState = 'proposed';
        let changes = 0;
        for (const { move, by, hours } of steps) {
          const closesAt = new Date(now.getTime() + hours * 3_600_000);
          const next = attempt({ state, proposedBy, closesAt }, move, by, now);
          if (!states.includes(next as ProposalState)) continue;
          changes++;
          if (next === 'approved') expect([by === proposedBy, by === SERVICE, hours > 0]).toEqual([false, false, true]);
          state = next as ProposalState;
        }
        expect(changes).toBeLessThanOrEqual(1);
        expect(changes === 0).toBe(state === 'proposed');
      }),
    );
  });
});
