import type { Verdict } from '../../api/types.js';
import { bytes, count, counted } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { MatchDetails } from './match-details.js';
import { Stages } from './stages.js';
import { Unlooked } from './unlooked.js';

interface VerdictDetailsProps {
  readonly verdict: Verdict;
  readonly onAgain: () => void;
}

/** What led to a verdict: matches, the error, the file, the time. */
export function VerdictDetails({ verdict, onAgain }: VerdictDetailsProps) {
  const { matches, total, error } = verdict;
  const [nearest, ...others] = matches;
  return (
    <div className="space-y-3">
      {error !== undefined && <Unlooked problem={error} onAgain={onAgain} />}
      {nearest !== undefined && (
        <div className="rounded-lg border border-line bg-canvas/60 p-3">
          <MatchDetails match={nearest} />
        </div>
      )}
      {others.length > 0 && (
        <Disclosure summary={`${counted(total - 1, 'more entry', 'more entries')} match${total === 2 ? 'es' : ''}`}>
          <ul className="space-y-2">
            {others.map((match) => (
              <li key={`${match.list}/${match.entry}`} className="rounded-lg border border-line p-3">
                <MatchDetails match={match} />
              </li>
            ))}
          </ul>
          {total > matches.length && (
            <p className="mt-2 text-ink-3 text-xs">The nearest {count(matches.length)} are shown.</p>
          )}
        </Disclosure>
      )}
      <p className="text-ink-3 text-xs">{mediumInWords(verdict)}</p>
      <Stages ms={verdict.ms} />
    </div>
  );
}

function mediumInWords({
  format,
  width,
  height,
  bytes: size,
  frames,
  framesHashed,
  quality,
  damaged,
}: Verdict): string {
  const parts = [
    format === 'unknown' ? undefined : format?.toUpperCase(),
    width !== null && height !== null ? `${count(width)} × ${count(height)}` : undefined,
    bytes(size),
    frames !== null && frames > 1 ? `${count(framesHashed ?? 0)} of ${count(frames)} frames hashed` : undefined,
    quality === null ? undefined : `quality ${quality} of 100`,
    damaged ? 'damaged: only a part could be decoded' : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
