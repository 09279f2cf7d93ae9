import { useState } from 'react';
import { Said } from '../../ui/said.js';
import { ExemptionsPanel } from '../stop/exemptions-panel.js';
import { StopsPanel } from '../stop/stops-panel.js';
import { PlatformsPanel } from './platforms-panel.js';

/** Where media are shared and acted on, and what brakes it. */
export function PlatformsPage() {
  const [said, setSaid] = useState('');
  return (
    <div className="space-y-10">
      <div>
        <Said words={said} />
        <PlatformsPanel onTold={setSaid} />
      </div>
      <StopsPanel onTold={setSaid} />
      <ExemptionsPanel />
    </div>
  );
}
