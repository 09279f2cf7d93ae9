import type { Verdict } from '../../api/types.js';
import { bytes, clock, count, counted } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { MatchDetails } from './match-details.js';
import type { OverlapMedium } from './overlap.js';
import { Stages } from './stages.js';
import { Unlooked } from './unlooked.js';
import { whyWithoutEffect } from './verdict-words.js';

interface VerdictDetailsProps {
  readonly verdict: Verdict;
  readonly medium: OverlapMedium;
  readonly onAgain: () => void;
}

/** What led to a verdict: matches, the error, the file, the time. */
export function VerdictDetails({ verdict, medium, onAgain }: VerdictDetailsProps) {
  const { matches, withoutEffect, total, error, seconds } = verdict;
  const [nearest, ...others] = matches;
  return (
    <div className="space-y-3">
      {error !== undefined && <Unlooked problem={error} onAgain={onAgain} />}
      {nearest !== undefined && (
        <div className="rounded-lg border border-line bg-canvas/60 p-3">
          <MatchDetails verdict={verdict.scan} match={nearest} medium={medium} seconds={seconds} />
        </div>
      )}
      {others.length > 0 && (
        <Disclosure summary={`${counted(total - 1, 'more entry', 'more entries')} match${total === 2 ? 'es' : ''}`}>
          <ul className="space-y-2">
            {others.map((match) => (
              <li key={`${match.list}/${match.entry}`} className="rounded-lg border border-line p-3">
                <MatchDetails verdict={verdict.scan} match={match} medium={medium} seconds={seconds} />
              </li>
            ))}
          </ul>
          {total > matches.length && (
            <p className="mt-2 text-ink-3 text-xs">The nearest {count(matches.length)} are shown.</p>
          )}
        </Disclosure>
      )}
      {withoutEffect.length > 0 && (
        <Disclosure summary={`${counted(withoutEffect.length, 'find', 'finds')} without effect`}>
          <ul className="space-y-2">
            {withoutEffect.map((match) => (
              <li key={`${match.list}/${match.entry}`} className="rounded-lg border border-line p-3">
                <p className="mb-2 text-ink-3 text-xs">{whyWithoutEffect(match)}</p>
                <MatchDetails verdict={verdict.scan} match={match} medium={medium} seconds={seconds} />
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
      <p className="text-ink-3 text-xs">{mediumInWords(verdict)}</p>
      <Stages ms={verdict.ms} />
    </div>
  );
}

/** Containers that are no abbreviation. */
const FORMAT_NAMES: Readonly<Record<string, string>> = { matroska: 'Matroska or WebM', realmedia: 'RealMedia' };

const formatName = (format: string): string => FORMAT_NAMES[format] ?? format.toUpperCase();

function mediumInWords({
  kind,
  format,
  width,
  height,
  seconds,
  bytes: size,
  frames,
  framesHashed,
  quality,
  damaged,
}: Verdict): string {
  const parts = [
    kind === 'video' ? 'Video' : undefined,
    format === null || format === 'unknown' ? undefined : formatName(format),
    seconds === null ? undefined : clock(seconds),
    width !== null && height !== null ? `${count(width)} × ${count(height)}` : undefined,
    bytes(size),
    frames !== null && frames > 1 ? `${count(framesHashed ?? 0)} of ${count(frames)} frames hashed` : undefined,
    quality === null ? undefined : `quality ${quality} of 100`,
    damaged ? 'damaged: only a part could be decoded' : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
