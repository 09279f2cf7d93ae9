import { PanelHead } from '../../ui/panel.js';
import { useScope } from '../session/use-scope.js';
import { CheckText } from '../words/check-text.js';
import { DropArea } from './drop-area.js';
import { Results } from './results.js';

/** From a picture to a verdict. */
export function ScanPanel() {
  const mayScan = useScope('scan');
  return (
    <section aria-labelledby="scan-title">
      <PanelHead id="scan-title" title="Scan" />
      {mayScan && <DropArea />}
      {mayScan && <CheckText />}
      <Results />
    </section>
  );
}
