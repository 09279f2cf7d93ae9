import { refreshPlatforms } from '../../api/enforcement-queries.js';
import { changePlatform, type Platform } from '../../api/platforms.js';
import { ActButton } from '../acts/act-button.js';

interface SwitchDryRunProps {
  readonly platform: Platform;
  readonly onTold: (words: string) => void;
}

/** From writing down to doing, and back. */
export function SwitchDryRun({ platform: { name, dryRun }, onTold }: SwitchDryRunProps) {
  const done = dryRun ? `What is ordered on ${name} is carried out from now on.` : `Nothing is carried out on ${name}.`;
  return (
    <ActButton
      label={dryRun ? 'Act for real' : 'Back to a dry run'}
      subject={`on ${name}`}
      title={dryRun ? `Act on ${name} for real?` : `Only write down what would be done on ${name}?`}
      description={
        dryRun
          ? 'What rules want from now on is done there: what matches is removed before the eyes of its users. What was written down in the dry run is not made up for.'
          : 'What is ordered, also what is on its way, is written down as done in a dry run, and is not sent. What matches stays where people can see it.'
      }
      reason="none"
      look={dryRun ? 'primary' : 'plain'}
      confirm={dryRun ? 'Act for real' : 'Make it a dry run'}
      confirmLook="danger"
      keep={dryRun ? 'Not yet' : 'Go on acting'}
      act={() => changePlatform(name, { dryRun: !dryRun })}
      onDone={async () => {
        onTold(done);
        await refreshPlatforms();
      }}
    />
  );
}
