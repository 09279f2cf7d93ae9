import { AttentionPanel } from '../features/attention/attention-panel.js';
import { ListsPanel } from '../features/lists/lists-panel.js';
import { ScanPanel } from '../features/scan/scan-panel.js';

/** From a hash list to a verdict on a picture. */
export function Home() {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[21rem_minmax(0,1fr)] xl:grid-cols-[23rem_minmax(0,1fr)] xl:gap-10">
      <div className="space-y-8">
        <AttentionPanel />
        <ListsPanel />
      </div>
      <ScanPanel />
    </div>
  );
}
