import { type Action, approveAction, giveUpAction, refuseAction, retryAction } from '../../api/actions.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { ActButton } from '../acts/act-button.js';
import { actWords, UNDOABLE } from './action-words.js';
import { UndoButton } from './undo-button.js';

interface ActionActsProps {
  readonly action: Action;
  readonly onTold: (words: string) => void;
}

/** What can be done about an act, by its state. */
export function ActionActs({ action, onTold }: ActionActsProps) {
  const { id, act, platform, state, attempts, dryRun, undoes, undoneBy } = action;
  const common = { subject: `${actWords(act)} on ${platform}, ${id}`, onDone: refreshEnforcement } as const;
  const waits = state === 'failed' || (state === 'ordered' && (attempts ?? 0) > 0);
  const undoable = UNDOABLE.has(act) && undoes === null && undoneBy === null && state === 'confirmed' && !dryRun;
  if (state !== 'proposed' && !waits && !undoable) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {state === 'proposed' && (
        <>
          <ActButton
            {...common}
            label="Approve"
            title={`${actWords(act)} on ${platform}?`}
            description="You answer for it from then on. It is sent at once, and tried again until the platform confirms it."
            reason="needed"
            confirm="Approve it"
            act={(reason) => approveAction(id, reason)}
          />
          <ActButton
            {...common}
            label="Refuse"
            title="Refuse what was proposed?"
            description="It is not done. Should a rule want the same again, that waits for a person, too."
            reason="needed"
            confirm="Refuse it"
            keep="Leave it waiting"
            act={(reason) => refuseAction(id, reason)}
          />
        </>
      )}
      {waits && (
        <>
          <ActButton
            {...common}
            label="Try again"
            title="Try it again now?"
            description="With all its attempts again. What hindered it should be mended first."
            reason="none"
            confirm="Try it now"
            act={() => retryAction(id)}
          />
          <ActButton
            {...common}
            label="Give up"
            title="Give this up?"
            description="It is not tried any more. What it is about stays on the platform as it is."
            reason="needed"
            confirm="Give it up"
            confirmLook="danger"
            keep="Go on with it"
            act={(reason) => giveUpAction(id, reason)}
          />
        </>
      )}
      {undoable && <UndoButton action={action} subject={common.subject} onTold={onTold} />}
    </div>
  );
}
