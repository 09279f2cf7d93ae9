import { Button } from '../../ui/button.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';
import { pageScans } from './page-scans.js';
import type { Scan } from './scan-queue.js';
import { Thumbnail } from './thumbnail.js';
import { Underway } from './underway.js';
import { Unlooked } from './unlooked.js';
import { VerdictBadge } from './verdict-badge.js';
import { VerdictDetails } from './verdict-details.js';
import { verdictOf } from './verdict-of.js';
import { verdictInWords } from './verdict-words.js';

/** One medium and what was said of it. */
export function ScanCard({ scan }: { readonly scan: Scan }) {
  const { id, medium, state } = scan;
  const word = verdictOf(state);
  return (
    <li
      className={classes(
        'lazily-painted grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-4 gap-y-3 rounded-xl border bg-surface p-4 shadow-card sm:grid-cols-[8rem_minmax(0,1fr)] sm:gap-x-5',
        word === 'match' ? 'border-match-line' : word === 'could-not-tell' ? 'border-unsure-line' : 'border-line',
      )}
    >
      <div className="aspect-square w-full sm:row-span-2">
        <Thumbnail id={id} name={medium.name} bytes={medium.bytes} />
      </div>
      <div className="min-w-0">
        <div className="flex items-start gap-2">
          <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1">
            {word === undefined ? <Underway phase={state.phase} /> : <VerdictBadge verdict={word} />}
            <h3 className="min-w-0 truncate font-medium" title={medium.name}>
              {medium.name}
            </h3>
          </div>
          <Button
            size="small"
            look="quiet"
            className="-mt-1 -mr-1.5 w-7 px-0!"
            aria-label={`Take ${medium.name} off the page`}
            onClick={() => pageScans.remove(id)}
          >
            <Icon name="close" className="size-3.5" />
          </Button>
        </div>
        {state.phase === 'told' && <p className="mt-2">{verdictInWords(state.verdict)}</p>}
        <AboutSample scan={scan} />
        {state.phase === 'failed' && <Unlooked problem={state.problem} onAgain={() => pageScans.again(id)} />}
        {state.phase === 'cancelled' && (
          <div className="mt-2 flex flex-wrap items-center gap-2 text-ink-2">
            It was not looked at.
            <Button size="small" onClick={() => pageScans.again(id)}>
              Scan it
            </Button>
          </div>
        )}
      </div>
      {state.phase === 'told' && (
        <div className="col-span-2 min-w-0 sm:col-span-1 sm:col-start-2">
          <VerdictDetails verdict={state.verdict} onAgain={() => pageScans.again(id)} />
        </div>
      )}
    </li>
  );
}

function AboutSample({ scan: { medium, state } }: { readonly scan: Scan }) {
  const { title, expect } = medium;
  if (title === undefined) return null;
  const word = verdictOf(state);
  return (
    <p className="mt-1 text-ink-3 text-xs">
      Sample: {title.charAt(0).toLowerCase() + title.slice(1)}
      {word !== undefined && expect !== undefined && (word === expect ? ' · as expected' : ` · expected ${expect}`)}
    </p>
  );
}
