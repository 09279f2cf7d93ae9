import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getPolicy } from '../../api/policies.js';
import { ApiProblem } from '../../api/problem.js';
import { policiesQuery } from '../../api/queries.js';
import { PanelHead } from '../../ui/panel.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { PolicyEditor } from './policy-editor.js';
import { PolicyVersions } from './policy-versions.js';

/** What is done about verdicts: the versions of the policy, and the one that is looked at. */
export function PolicyPanel() {
  const { data: policies, error } = useQuery(policiesQuery);
  const [chosen, choose] = useState<number>();
  const number = chosen ?? policies?.find(({ state }) => state === 'active')?.number;
  const version = useQuery({
    queryKey: ['policies', number],
    queryFn: ({ signal }) => getPolicy(number ?? 0, signal),
    enabled: number !== undefined,
    // What was written never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const failed = error ?? version.error;
  return (
    <section aria-labelledby="policy-title">
      <PanelHead id="policy-title" title="Policy" />
      {failed !== null && <ProblemNote problem={ApiProblem.from(failed)} />}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[21rem_minmax(0,1fr)]">
        <PolicyVersions policies={policies ?? []} shown={number} onShow={choose} />
        {version.data !== undefined && (
          <PolicyEditor key={version.data.number} source={version.data.source} onAdded={choose} />
        )}
      </div>
    </section>
  );
}
