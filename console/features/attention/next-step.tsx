import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { undoEntry } from '../../api/actions.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import type { Attention } from '../../api/types.js';
import { Said } from '../../ui/said.js';
import { consequencesInWords } from '../actions/action-words.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';

/** Where it is seen to, by kind of attention. */
const PAGES: Readonly<Record<string, '/actions' | '/platforms'>> = {
  'action-failed': '/actions',
  'action-dropped': '/actions',
  'actions-held': '/actions',
  'removal-rate': '/actions',
  'actions-wait': '/platforms',
  'enforcement-stopped': '/platforms',
  'platform-refused': '/platforms',
  'platform-away': '/platforms',
};

/** What to do about something that enforcement needs somebody for; nothing for the rest. */
export function NextStep({ attention: { kind, detail } }: { readonly attention: Attention }) {
  const mayAct = useScope('enforcement:act');
  const page = PAGES[kind];
  const { list, entry } = detail;
  if (page !== undefined) {
    return (
      <Link to={page} className="text-accent text-xs underline underline-offset-4">
        {page === '/actions' ? 'Go to the actions' : 'Go to the platforms'}
      </Link>
    );
  }
  if (kind !== 'acted-on-withdrawn' || typeof list !== 'string' || typeof entry !== 'string' || !mayAct) return null;
  return <UndoAll list={list} entry={entry} />;
}

/** @param list its id */
function UndoAll({ list, entry }: { readonly list: string; readonly entry: string }) {
  const [said, setSaid] = useState('');
  return (
    <>
      <Said words={said} />
      <ActButton
        label="Undo what was done"
        subject={`because of entry ${entry}`}
        title="Take back everything that was done because of this entry?"
        description="What was removed is restored where the platform can do that; where it cannot, its author is told. The entry is doubted."
        reason="needed"
        confirm="Undo all of it"
        keep="Leave it as it is"
        act={async (reason) => setSaid(consequencesInWords(await undoEntry(list, entry, reason)))}
        onDone={refreshEnforcement}
      />
    </>
  );
}
