import type { SignalTypeName } from '../../../signals/signal-type.js';

/** The fingerprints of theirs that are signals of ours, by the name of the element. */
const SIGNAL_BY_TAG: ReadonlyMap<string, SignalTypeName> = new Map([
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['sha256', 'sha256'],
  ['pdq', 'pdq'],
  ['pdna', 'photodna'],
]);

export function signalTypeOfTag(tag: string): SignalTypeName | undefined {
  return SIGNAL_BY_TAG.get(tag.toLowerCase());
}

/** How a fingerprint is called in the path of feedback; for types that NCMEC takes feedback on. */
export const NCMEC_FEEDBACK_TYPES: ReadonlyMap<string, string> = new Map([
  ['md5', 'MD5'],
  ['sha1', 'SHA1'],
  ['pdq', 'PDQ'],
  ['photodna', 'PDNA'],
]);
