import { NCMEC_NAMESPACE } from './ncmec-environments.js';

/** A reason that NCMEC takes for negative feedback. */
export interface NcmecReason {
  readonly guid: string;
  readonly name: string;
  /** The type of fingerprint that it fits, as it is written there: `Sha1`, `TMK_PDQF`. */
  readonly fits: string;
}

const GUID = /^[0-9A-Za-z-]{1,64}$/;

/**
 * Chooses a reason.
 * @param wanted guid or name; the first that fits the type when it is not offered for it
 * @returns its guid; undefined when none fits
 */
export function reasonFor(
  reasons: readonly NcmecReason[],
  type: string,
  wanted: string | undefined,
): string | undefined {
  const fitting = reasons.filter(({ guid, fits }) => GUID.test(guid) && (fits === '' || plain(fits) === plain(type)));
  const same = ({ guid, name }: NcmecReason) => plain(guid) === plain(wanted ?? '') || name === wanted;
  return (fitting.find(same) ?? fitting[0])?.guid;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_]/g, '');
}

/** @param guid the reason against the entry; undefined to confirm it */
export function feedbackBody(guid: string | undefined): string {
  const said =
    guid === undefined ? '<affirmative/>' : `<negative><reasonIds><guid>${guid}</guid></reasonIds></negative>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<feedbackSubmission xmlns="${NCMEC_NAMESPACE}">${said}</feedbackSubmission>`;
}
