import type { Principal } from '../access/principal.js';
import type { Match } from '../scan/verdict.js';

/** A match as anybody may see it who may see matches. */
export type PresentedMatch = Omit<Match, 'distance' | 'view'> & Partial<Match>;

/** A match as this principal may see it: how near it was, and which stretch, is told only with the scope `matches:detail`. */
export function hideDetail(match: Match, principal: Principal): PresentedMatch {
  if (principal.scopes.has('matches:detail')) return match;
  const { distance: _distance, view: _view, video: _video, ...rest } = match;
  return rest;
}
