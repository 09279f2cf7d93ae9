import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Case } from '../../api/cases.js';
import { casesQuery, platformsQuery } from '../../api/enforcement-queries.js';
import { Choices } from '../../ui/choices.js';
import { Fetched } from '../../ui/fetched.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { More } from '../../ui/more.js';
import { PanelHead } from '../../ui/panel.js';
import { Said } from '../../ui/said.js';
import { useScope } from '../session/use-scope.js';
import { CaseCard } from './case-card.js';

const SHOWN = [
  ['open', 'Open, the most urgent first'],
  ['decided', 'Decided, the latest first'],
] as const;

/** What machines cannot decide, and what they did that a person looks at again. */
export function CasesPage() {
  const [state, setState] = useState<Case['state']>('open');
  const [platform, setPlatform] = useState('');
  const [said, setSaid] = useState('');
  const query = useInfiniteQuery(casesQuery({ state, ...(platform !== '' && { platform }) }));
  const { data: platforms = [] } = useQuery(platformsQuery);
  const mayAct = useScope('enforcement:act');
  const choose = (next: Case['state']): void => {
    setSaid('');
    setState(next);
  };
  return (
    <section aria-labelledby="cases-title">
      <PanelHead id="cases-title" title="Cases" />
      <p className="mb-3 max-w-prose text-ink-2">
        One case for each item, account or room. A decision reaches every copy: confirmed, they are removed; dismissed,
        what was done is undone.
      </p>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <Choices legend="Cases that are shown" choices={SHOWN} chosen={state} onChoose={choose} />
        {platforms.length > 1 && (
          <div className="w-full sm:w-56">
            <FilterSelect
              label="Platform"
              value={platform}
              onChoose={setPlatform}
              choices={platforms.map(({ name }) => [name, name])}
            />
          </div>
        )}
      </div>
      <Said words={said} />
      <Fetched
        query={query}
        waiting="The cases are being fetched …"
        empty={state === 'open' ? 'Nothing waits for a decision.' : 'No case was decided yet.'}
      >
        {(cases) => (
          <>
            <ul className="grid gap-3 xl:grid-cols-2" aria-label="Cases">
              {cases.map((each) => (
                <CaseCard key={each.id} about={each} mayAct={mayAct} onTold={setSaid} />
              ))}
            </ul>
            <More query={query} label="Show more" />
          </>
        )}
      </Fetched>
    </section>
  );
}
