import { stopEnforcement } from '../../api/brakes.js';
import { refreshEnforcement } from '../../api/enforcement-queries.js';
import { counted } from '../../lib/in-words.js';
import { ActButton } from '../acts/act-button.js';

interface StopButtonProps {
  /** Left out: all of them. */
  readonly platform?: string;
  readonly onTold: (words: string) => void;
}

/** In an emergency: nothing is sent any more, and everything waits for people. */
export function StopButton({ platform, onTold }: StopButtonProps) {
  const where = platform ?? 'all platforms';
  return (
    <ActButton
      label={platform === undefined ? 'Stop everything' : 'Stop'}
      subject={where}
      title={`Stop enforcement on ${where}?`}
      description="Nothing new is sent, restores included; what is just being sent ends. What rules want is written down and waits for people."
      reason="needed"
      hint="Everybody sees it, until the stop is lifted."
      look={platform === undefined ? 'danger' : 'plain'}
      confirm="Stop it now"
      confirmLook="danger"
      keep="Let it go on"
      act={async (reason) => {
        const { held } = await stopEnforcement(platform, reason);
        onTold(`Enforcement is stopped on ${where}; ${counted(held, 'order was', 'orders were')} taken back.`);
      }}
      onDone={refreshEnforcement}
    />
  );
}
