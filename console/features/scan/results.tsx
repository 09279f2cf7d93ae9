import { useState } from 'react';
import type { VerdictWord } from '../../api/types.js';
import { counted } from '../../lib/in-words.js';
import { useObservable } from '../../lib/observable.js';
import { Button } from '../../ui/button.js';
import { clearScans } from './incoming.js';
import { pageScans } from './page-scans.js';
import { ScanCard } from './scan-card.js';
import { VerdictFilter } from './verdict-filter.js';
import { tally, verdictOf } from './verdict-of.js';

/** What was said of each medium, newest first. */
export function Results() {
  const scans = useObservable(pageScans.scans);
  const [shown, setShown] = useState<VerdictWord>();
  const counts = tally(scans.map(({ state }) => state));
  const visible = shown === undefined ? scans : scans.filter(({ state }) => verdictOf(state) === shown);
  const told = `${counted(counts.match, 'match', 'matches')}, ${counts['no-match']} without a match, ${counts['could-not-tell']} could not be told.`;
  return (
    <>
      {/* Said once all are done: one voice for each of many would drown the page. */}
      <p role="status" className="sr-only">
        {scans.length > 0 && (counts.open > 0 ? 'Scanning.' : told)}
      </p>
      {scans.length > 0 && (
        <>
          <div className="mt-6 mb-3 flex flex-wrap items-center justify-between gap-2">
            <VerdictFilter all={scans.length} counts={counts} shown={shown} onShow={setShown} />
            <div className="ml-auto flex items-center gap-1">
              {counts.open > 0 && (
                <Button size="small" onClick={() => pageScans.cancel()}>
                  Cancel {counts.open}
                </Button>
              )}
              <Button
                size="small"
                look="quiet"
                onClick={() => {
                  clearScans();
                  setShown(undefined);
                }}
              >
                Clear
              </Button>
            </div>
          </div>
          {visible.length === 0 && <p className="py-8 text-center text-ink-3">None of these.</p>}
          <ul className="space-y-3" aria-label="Verdicts">
            {visible.map((scan) => (
              <ScanCard key={scan.id} scan={scan} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}
