import { z } from 'zod';
import type { Principal } from '../access/principal.js';
import type { KnownEntry } from '../curation/known-already.js';
import type { StoredProposal } from '../storage/curation/proposal-store.js';
import { newEntry } from './endpoints/entries.js';

export const reasonSchema = z.string().trim().min(1).max(500);

/** What a curator writes. */
export const proposalDraftSchema = z
  .object({
    act: z
      .enum(['add', 'restore', 'lift-approval'])
      .default('add')
      .describe('`lift-approval`: entries of the list need no second person any more.'),
    entry: newEntry
      .extend({ signals: newEntry.shape.signals.optional() })
      .default({})
      .describe(
        '`id` alone for `restore`. Signals are made of the file, or of the medium of the verdict, where it has none.',
      ),
    verdict: z.string().max(64).optional().describe('The confirmed case that it follows from.'),
    medium: z.number().int().min(0).max(1_000).default(0).describe('Which medium of that item.'),
    reason: reasonSchema,
    until: z.iso.datetime({ offset: true }).optional().describe('The entry ends by itself then.'),
  })
  .strict();

export type ProposalForm = z.output<typeof proposalDraftSchema>;

export const PROPOSAL_EXAMPLE = {
  entry: { grade: 'A', signals: [{ type: 'md5', value: '9e107d9d372bb6826bd81d3542a419d6' }] },
  reason: 'seen in case 4711',
} as const;

export const proposalSchema = z.object({
  id: z.string(),
  list: z.string(),
  act: z.enum(['add', 'restore', 'derive', 'enrich', 'lift-approval']),
  entry: z.string(),
  state: z.enum(['proposed', 'approved', 'refused', 'expired', 'taken-back']),
  signals: z.record(z.string(), z.number().int()).describe('How many of each type.'),
  reason: z.string(),
  verdict: z.string().nullable(),
  until: z.string().nullable(),
  proposedBy: z.string(),
  proposed: z.string(),
  closes: z.string().describe('It lapses then unless it is decided.'),
  decidedBy: z.string().nullable(),
  decided: z.string().nullable(),
  decisionReason: z.string().nullable(),
});

export function presentProposal(proposal: StoredProposal): z.output<typeof proposalSchema> {
  const { id, list, act, entry, state, signals, reason, verdict, until, proposedBy, decidedBy, decisionReason } =
    proposal;
  return {
    ...{ id, list, act, entry, state, signals: { ...signals }, reason, verdict, proposedBy, decidedBy, decisionReason },
    until: until?.toISOString() ?? null,
    proposed: proposal.proposedAt.toISOString(),
    closes: proposal.closesAt.toISOString(),
    decided: proposal.decidedAt?.toISOString() ?? null,
  };
}

export const knownSchema = z
  .object({
    total: z.number().int(),
    entries: z
      .array(z.object({ list: z.string(), entry: z.string(), signal: z.string(), distance: z.number() }))
      .optional()
      .describe('The nearest; only with the scope matches:detail.'),
  })
  .describe('What the lists hold already that is the same or near.');

/** How many there are says enough to whoever may not see which. */
export function presentKnown(
  { total, entries }: { readonly total: number; readonly entries: readonly KnownEntry[] },
  principal: Principal,
): z.output<typeof knownSchema> {
  return principal.scopes.has('matches:detail') ? { total, entries: entries.map((each) => ({ ...each })) } : { total };
}
