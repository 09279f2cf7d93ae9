import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  approveProposal,
  getProposal,
  type Proposal,
  refuseProposal,
  type ShownProposal,
  takeProposalBack,
} from '../../api/curation.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshEntries } from '../../api/queries.js';
import { signalName } from '../../lib/signal-names.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { Facts } from '../../ui/facts.js';
import { TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { ACT_WORDS, OF_ENTRY, signalsInWords } from './curation-words.js';
import { KnownEntries } from './known-entries.js';
import { SignalValues } from './signal-values.js';

interface ProposalDialogProps {
  readonly proposal: Proposal;
  readonly onClose: () => void;
}

const ACTS = { approve: approveProposal, refuse: refuseProposal, takeBack: takeProposalBack } as const;

/** A proposal as far as one may see it, and the decision. */
export function ProposalDialog({ proposal: { id, act, list, proposedBy, reason: why }, onClose }: ProposalDialogProps) {
  const mayApprove = useScope('entries:approve');
  const own = useWho()(proposedBy) === 'you';
  const [reason, setReason] = useState('');
  const { data: shown, error } = useQuery({
    queryKey: ['proposal', id],
    queryFn: ({ signal }) => getProposal(id, signal),
    // Each look is recorded: one is enough.
    ...{ staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false },
  });
  const deciding = useMutation({
    mutationFn: async (act: keyof typeof ACTS) => void (await ACTS[act](id, reason.trim())),
    onSuccess: async () => {
      onClose();
      await refreshEntries();
    },
    onError: (thrown) => noticeProblem(ApiProblem.from(thrown)),
  });
  const busy = deciding.isPending;
  return (
    <Dialog open onOpenChange={onClose} title={`${ACT_WORDS[act]}: ${list}`} description={`Why: ${why}`}>
      <div className="space-y-4 px-6 pt-4">
        {shown === undefined && error === null && <p role="status">The proposal is being fetched …</p>}
        {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
        {shown !== undefined && <Content shown={shown} />}
        {own && (
          <p className="rounded-lg border border-line bg-sunken p-3 text-ink-2">
            You proposed this, so somebody else has to approve it: with a key or a link to this page of their own.
          </p>
        )}
        {mayApprove && (
          <TextField
            label="What you have to say"
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
            hint="Needed to refuse; kept with the proposal."
          />
        )}
        {deciding.error !== null && <ProblemNote problem={ApiProblem.from(deciding.error)} />}
      </div>
      <DialogActions>
        {own && (
          <Button disabled={busy} onClick={() => deciding.mutate('takeBack')}>
            Take it back
          </Button>
        )}
        {mayApprove && (
          <Button disabled={busy || reason.trim() === ''} onClick={() => deciding.mutate('refuse')}>
            Refuse
          </Button>
        )}
        {mayApprove && !own && (
          <Button look="primary" disabled={busy || shown === undefined} onClick={() => deciding.mutate('approve')}>
            Approve
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

function Content({ shown: { content, known, act, entry, signals } }: { readonly shown: ShownProposal }) {
  return (
    <>
      {OF_ENTRY.has(act) && (
        <Facts
          facts={[
            [
              'Entry',
              <code key="entry" className="font-mono">
                {entry}
              </code>,
            ],
            ...(content === null
              ? []
              : [
                  ['Grade', content.grade ?? 'none'] as const,
                  ...(content.comment === null ? [] : [['Comment', content.comment] as const]),
                ]),
          ]}
        />
      )}
      {act === 'enrich' && (
        <p>{signalsInWords(signals)}, from a file in which each stands beside an exact hash that its entry has.</p>
      )}
      {act === 'lift-approval' && (
        <p>From then on one person alone can add entries to this list, and a file or a source can fill it.</p>
      )}
      {content !== null && content.signals.length > 0 && (
        <SignalValues signals={content.signals.map((each) => ({ ...each, name: signalName(each.type) }))} />
      )}
      {known !== null && act === 'add' && <KnownEntries known={known} />}
    </>
  );
}
