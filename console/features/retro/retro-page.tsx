import { useScope } from '../session/use-scope.js';
import { FindsPanel } from './finds-panel.js';
import { RunsPanel } from './runs-panel.js';

/** Media that were looked at before, against entries that came later. */
export function RetroPage() {
  const maySeeFinds = useScope('items:read');
  return (
    <div className="space-y-10">
      {maySeeFinds && <FindsPanel />}
      <RunsPanel />
    </div>
  );
}
