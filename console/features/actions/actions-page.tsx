import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ActionFilter, ActionState } from '../../api/actions.js';
import { actionsQuery, platformsQuery } from '../../api/enforcement-queries.js';
import { Button } from '../../ui/button.js';
import { Fetched } from '../../ui/fetched.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { More } from '../../ui/more.js';
import { PanelHead } from '../../ui/panel.js';
import { Said } from '../../ui/said.js';
import { useScope } from '../session/use-scope.js';
import { ActionCard } from './action-card.js';
import { ACTION_STATES, ACTS } from './action-words.js';
import { ChosenActs } from './chosen-acts.js';

const STATES: readonly (readonly [ActionState | 'open', string])[] = [
  ['open', 'Open: waiting, on its way, failed'],
  ...(Object.entries(ACTION_STATES) as [ActionState, { words: string }][]).map(
    ([state, { words }]) => [state, words] as const,
  ),
];

const NONE: ReadonlySet<string> = new Set();

function withOrWithout(before: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const after = new Set(before);
  if (on) after.add(id);
  else after.delete(id);
  return after;
}

/** What was done on platforms, is to be done, or was kept from being done; newest first. */
export function ActionsPage() {
  const [filter, setFilter] = useState<ActionFilter>({});
  const [said, setSaid] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(NONE);
  const query = useInfiniteQuery(actionsQuery(filter));
  const { data: platforms = [] } = useQuery(platformsQuery);
  const mayAct = useScope('enforcement:act');
  const choose = (name: keyof ActionFilter) => (value: string) => {
    const { [name]: _, ...rest } = filter;
    setSaid('');
    setChosen(NONE);
    setFilter(value === '' ? rest : { ...rest, [name]: value });
  };
  const decidable = mayAct ? (query.data ?? []).filter(({ state }) => state === 'proposed' || state === 'failed') : [];
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
      {decidable.length > 1 && (
        <Button
          size="small"
          look="quiet"
          className="mb-2 -ml-2.5"
          onClick={() => setChosen(new Set(decidable.map(({ id }) => id)))}
        >
          Choose all {decidable.length} that can be decided
        </Button>
      )}
      <Fetched
        query={query}
        waiting="The actions are being fetched …"
        empty={all ? 'Nothing was done on a platform yet, and nothing is to be done.' : 'There is no such action.'}
      >
        {(actions) => (
          <>
            <ul className="grid gap-3 xl:grid-cols-2" aria-label="Actions">
              {actions.map((action) => (
                <ActionCard
                  key={action.id}
                  {...{ action, mayAct }}
                  chosen={decidable.includes(action) ? chosen.has(action.id) : undefined}
                  onChoose={(on) => setChosen((before) => withOrWithout(before, action.id, on))}
                  onTold={setSaid}
                />
              ))}
            </ul>
            <More query={query} label="Show older ones" />
            <ChosenActs
              chosen={decidable.filter(({ id }) => chosen.has(id))}
              onTold={setSaid}
              onClear={() => setChosen(NONE)}
            />
          </>
        )}
      </Fetched>
    </section>
  );
}
