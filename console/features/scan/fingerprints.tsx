import type { FingerprintPair } from '../../api/types.js';
import { bitsOf, differing, SIDE, squares } from './fingerprint-bits.js';

interface FingerprintsProps {
  readonly pair: FingerprintPair;
  /** True when they are those of the two frames that are nearest to each other. */
  readonly frames: boolean;
}

/** Two PDQ fingerprints side by side, the bits that differ marked in both. */
export function Fingerprints({ pair, frames }: FingerprintsProps) {
  const query = bitsOf(pair.query);
  const entry = bitsOf(pair.entry);
  if (query === undefined || entry === undefined) return null;
  const differ = differing(query, entry);
  const n = differ.filter(Boolean).length;
  const marks = squares(differ);
  return (
    <div className="flex gap-4">
      <Grid title={frames ? 'Nearest frame here' : 'This medium'} bits={query} marks={marks} n={n} />
      <Grid title={frames ? 'Known frame' : 'The entry'} bits={entry} marks={marks} n={n} />
    </div>
  );
}

interface GridProps {
  readonly title: string;
  readonly bits: readonly boolean[];
  readonly marks: string;
  readonly n: number;
}

function Grid({ title, bits, marks, n }: GridProps) {
  return (
    <figure className="w-28 sm:w-34">
      <svg
        viewBox={`-0.5 -0.5 ${SIDE + 1} ${SIDE + 1}`}
        className="block w-full rounded-md border border-line bg-sunken"
        shapeRendering="crispEdges"
        role="img"
        aria-label={`PDQ fingerprint, ${title.toLowerCase()}: ${n} of 256 bits differ`}
      >
        <path d={squares(bits)} className="fill-ink-2" />
        <path d={marks} className="fill-match/35 stroke-match-ink" strokeWidth="0.22" shapeRendering="auto" />
      </svg>
      <figcaption className="mt-1 text-2xs text-ink-3">{title}</figcaption>
    </figure>
  );
}
