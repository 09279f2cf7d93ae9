/** Parameters that say how somebody came to a page and never which page it is; docs/url-and-keyword-lists.md shows them. */
export const TRACKING_PARAMETERS: readonly string[] = [
  '_branch_match_id',
  '_ga',
  '_gl',
  '_hsenc',
  '_hsmi',
  'dclid',
  'fb_action_ids',
  'fb_action_types',
  'fb_source',
  'fbclid',
  'gad_source',
  'gbraid',
  'gclid',
  'gclsrc',
  'igsh',
  'igshid',
  'li_fat_id',
  'mc_cid',
  'mc_eid',
  'mkt_tok',
  'msclkid',
  'oly_anon_id',
  'oly_enc_id',
  'ref_src',
  'ref_url',
  'srsltid',
  'ttclid',
  'twclid',
  'vero_conv',
  'vero_id',
  'wbraid',
  'wickedid',
  'yclid',
];

/** All parameters that begin like this. */
export const TRACKING_PREFIXES: readonly string[] = ['utm_', 'mtm_', 'pk_'];

const NAMES = new Set(TRACKING_PARAMETERS);

/** @param name normal form of the name; upper and lower case are the same */
export function isTracking(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMES.has(lower) || TRACKING_PREFIXES.some((prefix) => lower.startsWith(prefix));
}
