import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { liftStop } from '../../api/brakes.js';
import { heldQuery, MOST_HELD, refreshEnforcement } from '../../api/enforcement-queries.js';
import { counted } from '../../lib/in-words.js';
import { Radios } from '../../ui/radios.js';
import { ActButton } from '../acts/act-button.js';

/** Enforcement goes on; what was held back waits for people, or is ordered again. @param platform null: of all */
export function LiftStop({ platform }: { readonly platform: string | null }) {
  const [held, setHeld] = useState<Held>('left');
  return (
    <ActButton
      label="Lift the stop"
      subject={platform === null ? 'of all platforms' : `of ${platform}`}
      title={platform === null ? 'Let enforcement go on?' : `Let enforcement go on on ${platform}?`}
      description="What rules want from now on is done again."
      reason="none"
      confirm="Lift the stop"
      keep="Keep it stopped"
      more={<WhatWasHeld platform={platform} chosen={held} onChoose={setHeld} />}
      act={() => liftStop(platform ?? undefined, held === 'resumed')}
      onDone={refreshEnforcement}
    />
  );
}

type Held = 'left' | 'resumed';

const WAYS = [
  ['left', 'Leave it to people', 'Each act waits under Actions until somebody approves or refuses it.'],
  ['resumed', 'Order it again', 'All of it is sent now; what is not wanted any more is dropped.'],
] as const;

interface WhatWasHeldProps {
  readonly platform: string | null;
  readonly chosen: Held;
  readonly onChoose: (held: Held) => void;
}

function WhatWasHeld({ platform, ...choice }: WhatWasHeldProps) {
  const { data: held } = useQuery(heldQuery(platform));
  const much = held === undefined ? '' : `: ${held < MOST_HELD ? counted(held, 'act') : `${held} acts or more`}`;
  return <Radios legend={`What was held back${much}`} choices={WAYS} {...choice} />;
}
