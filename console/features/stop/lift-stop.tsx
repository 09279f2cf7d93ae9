import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { liftStop } from '../../api/brakes.js';
import { heldQuery, MOST_HELD, refreshEnforcement } from '../../api/enforcement-queries.js';
import { counted } from '../../lib/in-words.js';
import { ActButton } from '../acts/act-button.js';

/** Enforcement goes on; what was held back waits for people, or is ordered again. @param platform null: of all */
export function LiftStop({ platform }: { readonly platform: string | null }) {
  const [resume, setResume] = useState(false);
  return (
    <ActButton
      label="Lift the stop"
      subject={platform === null ? 'of all platforms' : `of ${platform}`}
      title={platform === null ? 'Let enforcement go on?' : `Let enforcement go on on ${platform}?`}
      description="What rules want from now on is done again."
      reason="none"
      confirm="Lift the stop"
      keep="Keep it stopped"
      more={<WhatWasHeld platform={platform} resume={resume} onChoose={setResume} />}
      act={() => liftStop(platform ?? undefined, resume)}
      onDone={refreshEnforcement}
    />
  );
}

interface WhatWasHeldProps {
  readonly platform: string | null;
  readonly resume: boolean;
  readonly onChoose: (resume: boolean) => void;
}

const WAYS = [
  [false, 'Leave it to people', 'Each act waits under Actions until somebody approves or refuses it.'],
  [true, 'Order it again', 'All of it is sent now; what is not wanted any more is dropped.'],
] as const;

function WhatWasHeld({ platform, resume, onChoose }: WhatWasHeldProps) {
  const name = useId();
  const { data: held } = useQuery(heldQuery(platform));
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1.5 font-medium">
        What was held back
        {held !== undefined && `: ${held < MOST_HELD ? counted(held, 'act') : `${held} acts or more`}`}
      </legend>
      {WAYS.map(([value, words, hint]) => (
        <label key={words} className="flex items-start gap-2">
          <input
            type="radio"
            name={name}
            className="mt-0.5 size-4 accent-accent"
            checked={resume === value}
            onChange={() => onChoose(value)}
          />
          <span>
            {words}
            <span className="block text-ink-3 text-xs">{hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
