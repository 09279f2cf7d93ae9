import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ActionFilter, ActionState } from '../../api/actions.js';
import { actionsQuery, platformsQuery } from '../../api/enforcement-queries.js';
import { Fetched } from '../../ui/fetched.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { More } from '../../ui/more.js';
import { PanelHead } from '../../ui/panel.js';
import { Said } from '../../ui/said.js';
import { useScope } from '../session/use-scope.js';
import { ActionCard } from './action-card.js';
import { ACTION_STATES, ACTS } from './action-words.js';

const STATES: readonly (readonly [ActionState | 'open', string])[] = [
  ['open', 'Open: waiting, on its way, failed'],
  ...(Object.entries(ACTION_STATES) as [ActionState, { words: string }][]).map(
    ([state, { words }]) => [state, words] as const,
  ),
];

/** What was done on platforms, is to be done, or was kept from being done; newest first. */
export function ActionsPage() {
  const [filter, setFilter] = useState<ActionFilter>({});
  const [said, setSaid] = useState('');
  const query = useInfiniteQuery(actionsQuery(filter));
  const { data: platforms = [] } = useQuery(platformsQuery);
  const mayAct = useScope('enforcement:act');
  const choose = (name: keyof ActionFilter) => (value: string) => {
    const { [name]: _, ...rest } = filter;
    setSaid('');
    setFilter(value === '' ? rest : { ...rest, [name]: value });
  };
  const all = Object.keys(filter).length === 0;
  return (
    <section aria-labelledby="actions-title">
      <PanelHead id="actions-title" title="Actions" />
      <p className="mb-3 max-w-prose text-ink-2">
        What the policy or a person wants done on a platform. Each is checked when it is written down and again right
        before it is sent.
      </p>
      <div className="mb-4 grid grid-cols-2 gap-2 sm:grid-cols-3 lg:max-w-3xl max-sm:[&>:first-child]:col-span-2">
        <FilterSelect label="State" value={filter.state ?? ''} onChoose={choose('state')} choices={STATES} />
        <FilterSelect
          label="Platform"
          value={filter.platform ?? ''}
          onChoose={choose('platform')}
          choices={platforms.map(({ name }) => [name, name])}
        />
        <FilterSelect label="Act" value={filter.act ?? ''} onChoose={choose('act')} choices={Object.entries(ACTS)} />
      </div>
      <Said words={said} />
      <Fetched
        query={query}
        waiting="The actions are being fetched …"
        empty={all ? 'Nothing was done on a platform yet, and nothing is to be done.' : 'There is no such action.'}
      >
        {(actions) => (
          <>
            <ul className="grid gap-3 xl:grid-cols-2" aria-label="Actions">
              {actions.map((action) => (
                <ActionCard key={action.id} action={action} mayAct={mayAct} onTold={setSaid} />
              ))}
            </ul>
            <More query={query} label="Show older ones" />
          </>
        )}
      </Fetched>
    </section>
  );
}
