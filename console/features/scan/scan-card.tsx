import { Button } from '../../ui/button.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';
import { Tag } from '../../ui/tag.js';
import { Propose } from '../curation/propose.js';
import { useScope } from '../session/use-scope.js';
import { expectedInWords } from './expected.js';
import { pageScans } from './page-scans.js';
import { Progress } from './progress.js';
import type { Scan, ScanState } from './scan-queue.js';
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
        <Thumbnail id={id} name={medium.name} bytes={medium.bytes} at={standingFor(state)} />
      </div>
      <div className="min-w-0">
        <div className="flex items-start gap-2">
          <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1">
            {word === undefined ? <Underway phase={state.phase} /> : <VerdictBadge verdict={word} />}
            {isPartial(state) && <Tag tone="unsure">Partial: for people</Tag>}
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
        {state.phase === 'running' && <Progress id={id} medium={medium} running={state} />}
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
          <VerdictDetails
            verdict={state.verdict}
            medium={{ id, bytes: medium.bytes }}
            onAgain={() => pageScans.again(id)}
          />
          {word !== 'match' && <ProposeMedium medium={medium} />}
        </div>
      )}
    </li>
  );
}

/** For a medium that belongs in a list; the samples belong in theirs. */
function ProposeMedium({ medium: { name, bytes, title } }: Pick<Scan, 'medium'>) {
  const mayPropose = useScope('entries:write');
  if (!mayPropose || title !== undefined) return null;
  return (
    <div className="mt-2 -ml-2.5">
      <Propose medium={new File([bytes], name)} size="small" />
    </div>
  );
}

function AboutSample({ scan: { medium, state } }: { readonly scan: Scan }) {
  const { title } = medium;
  if (title === undefined) return null;
  const expected = expectedInWords(medium, state);
  return (
    <p className="mt-1 text-ink-3 text-xs">
      Sample: {title.charAt(0).toLowerCase() + title.slice(1)}
      {expected !== undefined && ` · ${expected}`}
    </p>
  );
}

/** True when nothing that was found is enough to act on. */
function isPartial(state: ScanState): boolean {
  if (state.phase !== 'told') return false;
  const { matches } = state.verdict;
  return matches.length > 0 && matches.every(({ extent }) => extent === 'partial');
}

/** Where videos have left their opening behind, most often. */
const USUAL_TIME = 1;

/** The time of the frame that stands for a video: in the middle of the first stretch that matched. */
function standingFor(state: ScanState): number {
  const range = state.phase === 'told' ? state.verdict.matches[0]?.video?.ranges[0]?.query : undefined;
  return range === undefined ? USUAL_TIME : (range[0] + range[1]) / 2;
}
