import { useState } from 'react';
import type { Proposal } from '../../api/curation.js';
import { date, dateAndTime } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Facts } from '../../ui/facts.js';
import { Tag } from '../../ui/tag.js';
import { useWho } from '../session/who.js';
import { ACT_WORDS, OF_ENTRY, PROPOSAL_STATES, signalsInWords } from './curation-words.js';
import { ProposalDialog } from './proposal-dialog.js';

/** One proposal: what, for which list, by whom and why. It is decided where it is looked at. */
export function ProposalCard({ proposal }: { readonly proposal: Proposal }) {
  const [open, setOpen] = useState(false);
  const { act, list, state } = proposal;
  const { words, tone } = PROPOSAL_STATES[state];
  const facts = useProposalFacts(proposal);
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 font-semibold">{ACT_WORDS[act]}</h3>
        <span className="break-all text-ink-3 text-xs">{list}</span>
        <span className="sm:ml-auto">
          <Tag tone={tone}>{words}</Tag>
        </span>
      </div>
      <Facts facts={facts} />
      {state === 'proposed' && (
        <Button size="small" onClick={() => setOpen(true)}>
          Look at it and decide …
          <span className="sr-only">
            {' '}
            {OF_ENTRY.has(act) && `${proposal.entry} of `}
            {list}
          </span>
        </Button>
      )}
      {open && <ProposalDialog proposal={proposal} onClose={() => setOpen(false)} />}
    </li>
  );
}

function useProposalFacts(proposal: Proposal) {
  const who = useWho();
  const { act, entry, signals, reason, until, verdict, proposedBy, proposed, closes, state } = proposal;
  const { decidedBy, decided, decisionReason } = proposal;
  return [
    ...(OF_ENTRY.has(act)
      ? [
          [
            'Entry',
            <code key="entry" className="font-mono">
              {entry}
            </code>,
          ] as const,
        ]
      : []),
    ...(act === 'add' || act === 'derive' || act === 'enrich' ? [['Signals', signalsInWords(signals)] as const] : []),
    ['Why', reason],
    ...(verdict === null ? [] : [['Verdict', verdict] as const]),
    ...(until === null ? [] : [['Ends', dateAndTime(until)] as const]),
    ['Proposed', `by ${who(proposedBy)}, ${dateAndTime(proposed)}`],
    ...(state === 'proposed' ? [['Lapses', date(closes)] as const] : []),
    ...(decided === null ? [] : [['Decided', `by ${who(decidedBy)}, ${dateAndTime(decided)}`] as const]),
    ...(decisionReason === null ? [] : [['Said', decisionReason] as const]),
  ] as const;
}
