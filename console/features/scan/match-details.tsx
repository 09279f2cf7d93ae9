import type { Match } from '../../api/types.js';
import { capitalised } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { Facts } from '../../ui/facts.js';
import { EntryButton } from '../curation/entry-button.js';
import { Fingerprints } from './fingerprints.js';
import { JudgeMatch } from './judge-match.js';
import { Overlap, type OverlapMedium } from './overlap.js';
import { EXTENT_WORDS, overlapFacts } from './overlap-words.js';
import { viewInWords } from './view-words.js';
import { WithdrawEntry } from './withdraw-entry.js';

interface MatchDetailsProps {
  /** Id of the verdict. */
  readonly verdict: string;
  readonly match: Match;
  readonly medium: OverlapMedium;
  /** Length of a video. */
  readonly seconds: number | null;
}

/** Which entry a medium matches, how near it is, and for a video where. */
export function MatchDetails({ verdict, match, medium, seconds }: MatchDetailsProps) {
  const { list, version, entry, grade, signal, distance, view, frame, quality, fingerprint, video, across } = match;
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-48 flex-1">
          <Facts
            facts={[
              ['List', `${list}, version ${version}`],
              ['Entry', <Entry key="entry" match={match} />],
              ['Grade', grade ?? 'none'],
              ...(signal === 'vpdq' || video !== undefined || across !== 'same-kind'
                ? [['Extent', EXTENT_WORDS[match.extent]] as const]
                : []),
              ...(video === undefined ? [] : overlapFacts(video, across)),
              ['Signal', signalName(signal)],
              ...(distance == null || !isNear(signal)
                ? []
                : [['Distance', <Distance key="d" signal={signal} distance={distance} />] as const]),
              ...(view === undefined || !isNear(signal) ? [] : [['Seen', capitalised(viewInWords(view))] as const]),
              ...(frame === null || frame === 0 || video !== undefined ? [] : [['Frame', frame + 1] as const]),
              ...(quality === null ? [] : [['Quality', `${quality} of 100`] as const]),
            ]}
          />
          <div className="mt-2 -ml-2.5 flex flex-wrap items-center gap-x-1 gap-y-1.5 empty:hidden">
            <JudgeMatch verdict={verdict} list={list} entry={entry} />
            <EntryButton list={list} entry={entry} look="quiet" />
            <WithdrawEntry list={list} entry={entry} />
          </div>
        </div>
        {fingerprint !== undefined && isPdq(signal) && (
          <Fingerprints pair={fingerprint} frames={signal === 'vpdq' && across === 'same-kind'} />
        )}
      </div>
      {video !== undefined && <Overlap overlap={video} across={across} medium={medium} seconds={seconds} />}
    </>
  );
}

const Entry = ({ match: { entry } }: { readonly match: Match }) => (
  <code className="select-all break-all font-mono text-ink">{entry}</code>
);

/** Whether a signal type has more to say than the same or not the same. */
const isNear = (signal: Match['signal']): boolean => isPdq(signal) || signal === 'photodna';

/** Frames of videos are compared as pictures are; the nearest one is told. */
const isPdq = (signal: Match['signal']): boolean => signal === 'pdq' || signal === 'vpdq';

/** Greatest PDQ distance that counts as a match unless another is asked for. */
const PDQ_THRESHOLD = 31;

function Distance({ signal, distance }: Pick<Match, 'signal'> & { readonly distance: number }) {
  if (!isPdq(signal)) return distance;
  return (
    <span className="inline-flex items-center gap-2">
      <span>
        <span className="font-medium text-ink">{distance}</span> of 256 bits
      </span>
      <span className="relative h-1 w-16 overflow-hidden rounded-full bg-ink/10" aria-hidden="true">
        <span
          className="absolute inset-y-0 left-0 rounded-full bg-match-ink"
          style={{ width: `${Math.min(1, distance / PDQ_THRESHOLD) * 100}%` }}
        />
      </span>
      <span className="text-ink-3">{distance <= PDQ_THRESHOLD && `limit ${PDQ_THRESHOLD}`}</span>
    </span>
  );
}
