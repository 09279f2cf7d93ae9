import { useState } from 'react';
import { type Case, type CaseDecision, decideCase } from '../../api/cases.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { reasonWords } from '../../lib/in-words.js';
import { Tick } from '../../ui/tick.js';
import { consequencesInWords } from '../actions/action-words.js';
import { ActButton } from '../acts/act-button.js';

interface DecideCaseProps {
  readonly about: Case;
  readonly onTold: (words: string) => void;
}

/** It is what it was taken for, or it is not; with a word of why. */
export function DecideCase({ about: { id, cause, platform, subject }, onTold }: DecideCaseProps) {
  const [siblings, setSiblings] = useState(false);
  const decide = async (decision: CaseDecision, reason: string): Promise<void> => {
    const said = await decideCase(id, { decision, reason, siblings: decision === 'confirmed' && siblings });
    onTold(`The case is ${decision}. ${consequencesInWords(said)}`);
  };
  const common = {
    subject: `${reasonWords(cause)} on ${platform}, case ${id}`,
    reason: 'needed',
    onDone: refreshEnforcement,
  } as const;
  const item = subject.kind === 'item';
  return (
    <div className="flex flex-wrap gap-2">
      <ActButton
        {...common}
        label="Confirm"
        title="It is what it was taken for?"
        description={
          item
            ? `The item is removed from ${platform}, with every copy and everything that matched the same entry.`
            : 'It is noted. What is to be done about an account or a room is decided with its actions.'
        }
        confirm="Confirm the case"
        confirmLook="danger"
        more={
          item && (
            <Tick checked={siblings} onChange={setSiblings} hint="The whole album goes, not this one item alone.">
              What was shared together with it is meant, too
            </Tick>
          )
        }
        act={(reason) => decide('confirmed', reason)}
      />
      <ActButton
        {...common}
        label="Dismiss"
        title="It is not what it was taken for?"
        description="What waits is not done, and what was done is undone, also to copies: restored where the platform can do that; else its author is told."
        confirm="Dismiss the case"
        act={(reason) => decide('dismissed', reason)}
      />
    </div>
  );
}
