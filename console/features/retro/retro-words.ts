import type { RetroFind, RetroRun } from '../../api/retro.js';
import { count, counted } from '../../lib/in-words.js';
import type { Tone } from '../../ui/tag.js';

export const OUTCOMES: Readonly<Record<RetroFind['outcome'], { readonly words: string; readonly tone: Tone }>> = {
  told: { words: 'Told', tone: 'match' },
  shadow: { words: 'List is tried out', tone: 'unsure' },
  held: { words: 'One of too many', tone: 'unsure' },
};

export const RUN_STATES: Readonly<Record<RetroRun['state'], { readonly words: string; readonly tone: Tone }>> = {
  waiting: { words: 'Waits', tone: 'neutral' },
  running: { words: 'Under way', tone: 'accent' },
  done: { words: 'Done', tone: 'neutral' },
  stopped: { words: 'Stopped', tone: 'unsure' },
};

export const isUnderWay = ({ state }: Pick<RetroRun, 'state'>): boolean => state === 'waiting' || state === 'running';

/** Which entries of which version are tried. */
export function entriesInWords({ cause, from, to, entries, state }: RetroRun): string {
  // A run that has not begun has counted nothing yet.
  const tried = state === 'waiting' ? 'entries' : counted(entries, 'entry', 'entries');
  if (cause === 'baseline') return `version ${to}, where it begins`;
  if (from === null) return `${tried}: all of version ${to}`;
  const again = cause === 'restored' ? ['what matches again'] : [];
  return `${tried}: ${[...again, ...(from < to ? [`new in version ${to}, since ${from}`] : [])].join(', or ')}`;
}

/** How far a run is; between 0 and 1, null while nobody knows. */
export const progressOf = ({ state, files, filesDone }: RetroRun): number | null =>
  state === 'waiting' || files === 0 ? null : Math.min(1, filesDone / files);

export const seenInWords = ({ files, filesDone, hashes }: RetroRun): string =>
  `${count(filesDone)} of ${counted(files, 'file')}, ${counted(hashes, 'hash', 'hashes')}`;

/** Where a medium is to be found again. */
export function placeInWords({ platform, platformId, medium, itemRef }: RetroFind): string {
  if (platform !== null) {
    return `${platform}, ${platformId ?? 'without an id'}${medium === null ? '' : `, medium ${medium + 1}`}`;
  }
  return itemRef ?? 'it came by itself and without a name';
}
