import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Action } from '../../api/actions.js';
import { actionsQuery } from '../../api/enforcement-queries.js';
import { dateAndTime } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Fetched } from '../../ui/fetched.js';
import { More } from '../../ui/more.js';
import { Tag } from '../../ui/tag.js';
import { ActionActs } from '../actions/action-acts.js';
import { ACTION_STATES, actWords, heldWords, outcomeWords } from '../actions/action-words.js';

interface CaseActionsProps {
  /** Of the case. */
  readonly id: string;
  readonly mayAct: boolean;
  readonly onTold: (words: string) => void;
}

/** What was done on account of a case; asked for once somebody wants to see it. */
export function CaseActions({ id, mayAct, onTold }: CaseActionsProps) {
  const [open, setOpen] = useState(false);
  const query = useInfiniteQuery({ ...actionsQuery({ case: id }), enabled: open });
  return (
    <Disclosure
      summary={
        <>
          What was done
          <span className="sr-only"> on account of case {id}</span>
        </>
      }
      open={open}
      onToggle={setOpen}
    >
      {open && (
        <Fetched
          query={query}
          waiting="The actions are being fetched …"
          empty="Nothing was done, and nothing waits to be done."
        >
          {(actions) => (
            <>
              <ul className="divide-y divide-line rounded-lg border border-line bg-sunken" aria-label="What was done">
                {actions.map((action) => (
                  <Row key={action.id} action={action} mayAct={mayAct} onTold={onTold} />
                ))}
              </ul>
              <More query={query} label="Show older ones" />
            </>
          )}
        </Fetched>
      )}
    </Disclosure>
  );
}

interface RowProps extends Omit<CaseActionsProps, 'id'> {
  readonly action: Action;
}

function Row({ action, mayAct, onTold }: RowProps) {
  const { act, state, dryRun, heldBy, proposed, ended } = action;
  const { words, tone } = ACTION_STATES[state];
  const why = heldBy === null ? outcomeWords(action) : heldWords(heldBy);
  return (
    <li className="space-y-2 px-3 py-2.5">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium">{actWords(act)}</span>
        {dryRun && <Tag tone="accent">Dry run</Tag>}
        <Tag tone={tone}>{words}</Tag>
      </p>
      <p className="text-ink-2 text-xs">
        {dateAndTime(ended ?? proposed)}
        {why !== undefined && ` · ${why}`}
      </p>
      {mayAct && <ActionActs action={action} onTold={onTold} />}
    </li>
  );
}
