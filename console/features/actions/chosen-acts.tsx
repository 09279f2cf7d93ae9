import { type Action, approveAction, giveUpAction, refuseAction, retryAction } from '../../api/actions.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { counted } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { ActButton } from '../acts/act-button.js';
import { decidedInWords, decideMany } from './decide-many.js';

interface ChosenActsProps {
  readonly chosen: readonly Action[];
  readonly onTold: (words: string) => void;
  readonly onClear: () => void;
}

/** What can be done about several actions with one reason; at hand as long as some are chosen. */
export function ChosenActs({ chosen, onTold, onClear }: ChosenActsProps) {
  const waiting = chosen.filter(({ state }) => state === 'proposed').map(({ id }) => id);
  const failed = chosen.filter(({ state }) => state === 'failed').map(({ id }) => id);
  if (waiting.length + failed.length === 0) return null;
  const all = (ids: readonly string[], decide: (id: string, reason: string) => Promise<unknown>, what: string) => ({
    subject: counted(ids.length, 'action'),
    keep: 'Not now',
    onDone: onClear,
    act: async (reason: string): Promise<void> => {
      try {
        onTold(decidedInWords(await decideMany(ids, (id) => decide(id, reason)), what));
      } finally {
        await refreshEnforcement();
      }
    },
  });
  const title = (what: string, { length }: readonly string[]): string => `${what} ${counted(length, 'action')}?`;
  return (
    <section
      aria-label="Chosen actions"
      className="sticky bottom-3 z-20 mt-4 flex flex-wrap items-center gap-2 rounded-xl border border-line-strong bg-raised px-4 py-3 shadow-float"
    >
      <p className="mr-auto font-medium">{waiting.length + failed.length} chosen</p>
      {waiting.length > 0 && (
        <>
          <ActButton
            {...all(waiting, approveAction, 'approved')}
            label={`Approve ${waiting.length}`}
            title={title('Approve', waiting)}
            description="You answer for each of them. They are sent at once, and tried again until the platform confirms them."
            reason="needed"
            confirm="Approve them"
          />
          <ActButton
            {...all(waiting, refuseAction, 'refused')}
            label={`Refuse ${waiting.length}`}
            title={title('Refuse', waiting)}
            description="They are not done. Should a rule want the same again, that waits for a person, too."
            reason="needed"
            confirm="Refuse them"
          />
        </>
      )}
      {failed.length > 0 && (
        <>
          <ActButton
            {...all(failed, retryAction, 'sent again')}
            label={`Try ${failed.length} again`}
            title={`Try ${counted(failed.length, 'action')} again now?`}
            description="With all their attempts again. What hindered them should be mended first."
            reason="none"
            confirm="Try them now"
          />
          <ActButton
            {...all(failed, giveUpAction, 'given up')}
            label={`Give up ${failed.length}`}
            title={title('Give up', failed)}
            description="They are not tried any more. What they are about stays on the platform as it is."
            reason="needed"
            confirm="Give them up"
            confirmLook="danger"
          />
        </>
      )}
      <Button size="small" look="quiet" onClick={onClear}>
        Choose none
      </Button>
    </section>
  );
}
