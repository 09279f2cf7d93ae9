import type { Match, Verdict, VerdictWord } from '../../api/types.js';
import { capitalised, duration, percent } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import { viewInWords } from './view-words.js';

export const VERDICT_WORDS: Readonly<Record<VerdictWord, string>> = {
  match: 'Match',
  'no-match': 'No match',
  'could-not-tell': 'Could not tell',
};

const NO_MATCH: Readonly<Record<string, string>> = {
  'nothing-known': 'No list has an entry like it. That says nothing about what it shows.',
  'kind-not-covered':
    'Only its exact hashes could be tried, and no list has them: this kind of file is not compared by look.',
  'low-quality': 'Too little in it to compare by look. Its exact hashes were tried, and no list has them.',
};

/** What a verdict means, in a sentence or two. */
export function verdictInWords({ verdict, reason, matches }: Verdict): string {
  const [nearest] = matches;
  if (verdict === 'match' && nearest !== undefined) return matchInWords(nearest);
  if (verdict === 'no-match') return NO_MATCH[reason ?? ''] ?? 'No list has an entry like it.';
  return 'It could not be looked at as a whole, so nothing can be ruled out.';
}

function matchInWords(match: Match): string {
  const { list, signal, distance, view, frame, across } = match;
  if (signal === 'vpdq' || across !== 'same-kind') return videoInWords(match);
  if (signal !== 'pdq' && signal !== 'photodna') {
    return `It is the very file that an entry of “${list}” names: its ${signalName(signal)} is the same.`;
  }
  const seen = view === undefined || view === 'as-is' ? 'It' : `${capitalised(viewInWords(view))}, it`;
  const where = frame === null || frame === 0 ? '' : ` in frame ${frame + 1}`;
  return `${seen} looks like an entry of “${list}”${where}${nearInWords(signal, distance)}.`;
}

const TO_PEOPLE = ' That is too little to act on: somebody has to look.';

/** For what was found of a known video, or in a video. */
function videoInWords({ list, across, extent, view, video }: Match): string {
  const seen = view === undefined || view === 'as-is' ? '' : `, ${viewInWords(view)}`;
  const rest = extent === 'partial' ? TO_PEOPLE : '';
  if (across === 'frame-of-video') return `It looks like a frame of a video in “${list}”${seen}.${rest}`;
  if (across === 'picture-in-video') return `A picture of “${list}” is seen in it${seen}.${rest}`;
  const part = video === undefined ? '' : `${percent(video.knownPercent)} of `;
  const run =
    video === undefined || video.longestRunSeconds === 0 ? '' : `, ${duration(video.longestRunSeconds)} in a row`;
  return `It holds ${part}a video in “${list}”${run}${seen}.${rest}`;
}

function nearInWords(signal: Match['signal'], distance: number | null | undefined): string {
  if (distance === undefined || distance === null) return '';
  if (signal === 'photodna') return `, at a PhotoDNA distance of ${distance}`;
  return distance === 0 ? ': all 256 bits are the same' : `: ${distance} of 256 bits differ`;
}

/** Why nothing follows from what was found. */
export function whyWithoutEffect({ list, overruledBy }: Match): string {
  if (overruledBy === undefined) return `“${list}” is tried out: nothing follows from what it finds.`;
  return `Overruled: entry ${overruledBy.entry} of “${overruledBy.list}” is known to be good, and no farther from it.`;
}
