import { useState } from 'react';
import { undoAction } from '../../api/actions.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { refreshEntries } from '../../api/queries.js';
import { Tick } from '../../ui/tick.js';
import { ActButton } from '../acts/act-button.js';
import { consequencesInWords } from './action-words.js';

interface UndoButtonProps {
  /** Of the action. */
  readonly id: string;
  readonly subject: string;
  /** Whether it rests on an entry. */
  readonly entry: boolean;
  readonly onTold: (words: string) => void;
}

/** A mistake is taken back in one act, with all copies. */
export function UndoButton({ id, subject, entry, onTold }: UndoButtonProps) {
  const [dispute, setDispute] = useState(true);
  return (
    <ActButton
      label="Undo"
      subject={subject}
      title="Take this back?"
      description="With what was done to copies. It is restored where the platform can do that; where it cannot, its author is told."
      reason="needed"
      confirm="Undo it"
      keep="Leave it as it is"
      more={
        entry && (
          <Tick checked={dispute} onChange={setDispute} hint="What rules want because of it then waits for a person.">
            The entry is wrong, too
          </Tick>
        )
      }
      act={async (reason) => onTold(consequencesInWords(await undoAction(id, reason, entry && dispute)))}
      onDone={async () => {
        await Promise.all([refreshEnforcement(), refreshEntries()]);
      }}
    />
  );
}
