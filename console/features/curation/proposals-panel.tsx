import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { proposalsQuery } from '../../api/queries.js';
import { Choices } from '../../ui/choices.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { useScope } from '../session/use-scope.js';
import { MakeList } from './make-list.js';
import { ProposalCard } from './proposal-card.js';
import { Propose } from './propose.js';

const SHOWN = [
  ['waiting', 'Waiting'],
  ['all', 'All, newest first'],
] as const;

/** What one person wants of a list and a second one decides. */
export function ProposalsPanel() {
  const [shown, setShown] = useState<'waiting' | 'all'>('waiting');
  const query = useQuery(proposalsQuery(shown === 'waiting'));
  const mayPropose = useScope('entries:write');
  const mayMake = useScope('lists:write');
  return (
    <section aria-labelledby="proposals-title">
      <PanelHead id="proposals-title" title="Proposals">
        <div className="flex flex-wrap gap-2">
          {mayMake && <MakeList />}
          {mayPropose && <Propose />}
        </div>
      </PanelHead>
      <div className="mb-3">
        <Choices legend="Proposals that are shown" choices={SHOWN} chosen={shown} onChoose={setShown} />
      </div>
      <Fetched
        query={query}
        waiting="The proposals are being fetched …"
        empty={
          shown === 'waiting'
            ? 'Nothing waits for a second person.'
            : 'Nothing was proposed yet. An entry of a list of your own acts once a second person has approved it.'
        }
      >
        {(proposals) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Proposals">
            {proposals.map((proposal) => (
              <ProposalCard key={proposal.id} proposal={proposal} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}
