import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { listsQuery } from '../../api/queries.js';
import { counted } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { PanelHead } from '../../ui/panel.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';
import { ImportStrip } from './import-strip.js';
import { ListCard } from './list-card.js';
import { LoadListDialog } from './load-list-dialog.js';

/** The lists that media are compared with. */
export function ListsPanel() {
  const { data: lists, error, refetch } = useQuery(listsQuery);
  const mayChange = useScope('lists:write');
  const [target, setTarget] = useState<string>();
  const entries = (lists ?? []).reduce((sum, list) => sum + list.entries, 0);
  return (
    <section aria-labelledby="lists-title">
      <PanelHead
        id="lists-title"
        title="Lists"
        aside={lists && lists.length > 1 && counted(entries, 'entry', 'entries')}
      >
        {mayChange && (
          <Button onClick={() => setTarget('')}>
            <Icon name="plus" />
            Load a list
          </Button>
        )}
      </PanelHead>
      {target === undefined && <ImportStrip onShow={setTarget} />}
      {error !== null && lists === undefined && (
        <ProblemNote problem={ApiProblem.from(error)}>
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        </ProblemNote>
      )}
      {lists?.length === 0 && (
        <p className="rounded-xl border border-line-strong border-dashed p-6 text-center text-ink-2">
          There is no list yet, so nothing can be recognised. Load one that you were given.
        </p>
      )}
      <ul className="space-y-3">
        {lists?.map((list) => (
          <ListCard key={list.name} list={list} mayChange={mayChange} onNewVersion={() => setTarget(list.name)} />
        ))}
      </ul>
      <LoadListDialog lists={lists ?? []} target={target} onClose={() => setTarget(undefined)} />
    </section>
  );
}
