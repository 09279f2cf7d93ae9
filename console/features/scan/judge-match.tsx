import { useState } from 'react';
import { type Judgement, judgeMatch } from '../../api/curation.js';
import { refreshEntries } from '../../api/queries.js';
import { ActButton } from '../acts/act-button.js';
import { judgementInWords } from '../curation/curation-words.js';
import { useScope } from '../session/use-scope.js';

interface JudgeMatchProps {
  /** Id of the verdict. */
  readonly verdict: string;
  readonly list: string;
  readonly entry: string;
}

/** Whether a match is right, as a person saw it; it goes back to where the entry came from. */
export function JudgeMatch({ verdict, list, entry }: JudgeMatchProps) {
  const mayJudge = useScope('matches:judge');
  const [told, setTold] = useState<Judgement>();
  if (!mayJudge) return null;
  const common = {
    subject: `the match with ${entry} of ${list}`,
    reason: 'needed',
    hint: 'Kept in the record of events.',
    look: 'quiet',
    onDone: refreshEntries,
  } as const;
  const judge = (opinion: Judgement['opinion']) => async (reason: string) =>
    setTold(await judgeMatch(verdict, { list, entry, opinion, reason }));
  return (
    <>
      <ActButton
        {...common}
        label="Confirm"
        title="Confirm this match?"
        description="It is the known material, or an edited copy. The source of the list hears of it, where it takes feedback."
        confirm="Confirm the match"
        act={judge('confirmed')}
      />
      <ActButton
        {...common}
        label="Refute"
        title="Refute this match?"
        description="It is something else. The entry is noted as doubted and goes on matching until somebody withdraws it."
        confirm="Refute the match"
        act={judge('refuted')}
      />
      {told !== undefined && (
        <p role="status" className="order-last basis-full pl-2.5 text-ink-2 text-xs">
          {judgementInWords(told)}
        </p>
      )}
    </>
  );
}
