import type { SignalTypeName } from '../../signals/signal-type.js';
import type { Entry } from '../entry.js';

/** What a segment should hold, as plainly as it can be said. */
export interface ModelSegment {
  readonly id: string;
  readonly entries: readonly Entry[];
  readonly live: boolean[];
}

/** Of entries with the same id the last stays, in the place where it came. */
export function lastOfEachId(entries: readonly Entry[]): Entry[] {
  const last = new Map(entries.map((entry, i) => [entry.id, i]));
  return entries.filter((entry, i) => last.get(entry.id) === i);
}

const isPicture = (type: SignalTypeName): boolean => type === 'pdq' || type === 'vpdq';

export function distance(type: SignalTypeName, a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  // The time of a frame, behind its hash, counts for nothing.
  for (let i = 0; i < (isPicture(type) ? 32 : a.length); i++) {
    if (isPicture(type)) for (let bits = a[i]! ^ b[i]!; bits > 0; bits >>= 1) sum += bits & 1;
    else if (type === 'photodna') sum += (a[i]! - b[i]!) ** 2;
    else if (a[i] !== b[i]) return 1;
  }
  return sum;
}

/** Whether values of one type are found by those of another: pictures and frames of videos are. */
const related = (a: SignalTypeName, b: SignalTypeName): boolean => a === b || (isPicture(a) && isPicture(b));

/** Everything within the threshold by comparing everything: `segment/row` with its distance, nearest first. */
export function bruteForce(
  segments: Iterable<ModelSegment>,
  type: SignalTypeName,
  value: Uint8Array,
  threshold: number,
): { where: string; distance: number }[] {
  const found: { where: string; distance: number }[] = [];
  for (const { id, entries, live } of segments) {
    for (const [row, { signals }] of entries.entries()) {
      if (!live[row]) continue;
      const own = signals.filter((signal) => related(signal.type, type) && signal.active);
      const nearest = Math.min(...own.map((signal) => distance(type, signal.value, value)));
      if (nearest <= threshold) found.push({ where: `${id}/${row}`, distance: nearest });
    }
  }
  return found.sort((a, b) => a.distance - b.distance);
}
