import { EntriesPanel } from './entries-panel.js';
import { ProposalsPanel } from './proposals-panel.js';

/** What people do to lists: propose, decide, doubt, withdraw. */
export function CurationPage() {
  return (
    <div className="space-y-10">
      <ProposalsPanel />
      <EntriesPanel />
    </div>
  );
}
