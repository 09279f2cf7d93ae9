import { MembersPanel } from './members-panel.js';
import { PublicationsPanel } from './publications-panel.js';
import { SigningKeysPanel } from './signing-keys-panel.js';

/** Which lists leave the house, to whom, and how they are signed. */
export function PublishingPage() {
  return (
    <div className="space-y-10">
      <PublicationsPanel />
      <MembersPanel />
      <SigningKeysPanel />
    </div>
  );
}
