import { useState } from 'react';
import { type Action, type Consequences, undoAction, undoEntry } from '../../api/actions.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { refreshEntries } from '../../api/queries.js';
import { Radios } from '../../ui/radios.js';
import { ActButton } from '../acts/act-button.js';
import { consequencesInWords } from './action-words.js';

type Reach = 'item' | 'item-and-doubt' | 'entry';

const REACHES = [
  ['item-and-doubt', 'This and its copies; the entry is wrong', 'It is doubted: what rules want because of it waits.'],
  ['item', 'This and its copies; the entry is right', 'Only this was a mistake.'],
  ['entry', 'Everything that rests on the entry', 'Wherever it was done; the entry is doubted.'],
] as const;

interface UndoButtonProps {
  readonly action: Action;
  readonly subject: string;
  readonly onTold: (words: string) => void;
}

/** A mistake is taken back in one act, with all copies. */
export function UndoButton({ action: { id, list, entry }, subject, onTold }: UndoButtonProps) {
  const [reach, setReach] = useState<Reach>('item-and-doubt');
  const undo = async (reason: string): Promise<Consequences> => {
    if (list === null || entry === null) return await undoAction(id, reason, false);
    return await (reach === 'entry' ? undoEntry(list, entry, reason) : undoAction(id, reason, reach !== 'item'));
  };
  return (
    <ActButton
      label="Undo"
      subject={subject}
      title="Take this back?"
      description="With what was done to copies. It is restored where the platform can do that; where it cannot, its author is told."
      reason="needed"
      confirm="Undo it"
      keep="Leave it as it is"
      more={entry !== null && <Radios legend="What was wrong" choices={REACHES} chosen={reach} onChoose={setReach} />}
      act={async (reason) => onTold(consequencesInWords(await undo(reason)))}
      onDone={async () => {
        await Promise.all([refreshEnforcement(), refreshEntries()]);
      }}
    />
  );
}
