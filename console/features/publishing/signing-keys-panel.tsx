import { useQuery } from '@tanstack/react-query';
import { rotateSigningKey } from '../../api/publishing.js';
import { refreshPublishing, signingKeysQuery } from '../../api/queries.js';
import { date } from '../../lib/in-words.js';
import { CopyableCommand } from '../../ui/copyable-command.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';

/** The public halves of the keys that sign: members pin them. */
export function SigningKeysPanel() {
  const mayRotate = useScope('lists:export');
  return (
    <section aria-labelledby="signing-keys-title">
      <PanelHead id="signing-keys-title" title="Keys that sign">
        {mayRotate && (
          <ActButton
            label="Make a new key"
            subject="that signs"
            title="Make a new key that signs?"
            description="The one before it signs too for 30 days. Tell members the new one before that is over."
            reason="none"
            confirm="Make a new key"
            act={rotateSigningKey}
            onDone={refreshPublishing}
          />
        )}
      </PanelHead>
      <p className="mb-3 max-w-prose text-ink-2">
        Members check with these that a list comes from here. Tell them by another way than the address of the service.
      </p>
      <Fetched query={useQuery(signingKeysQuery)} waiting="The keys are being fetched …" empty="There is no key yet.">
        {(keys) => (
          <ul className="space-y-2" aria-label="Keys that sign">
            {keys.map(({ id, publicKey, created, until }) => (
              <li key={id}>
                <CopyableCommand command={publicKey} />
                <p className="mt-1 text-ink-3 text-xs">
                  Made {date(created)}
                  {until !== null && `; signs until ${date(until)}`}
                </p>
              </li>
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}
