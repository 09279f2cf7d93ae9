import type { Principal } from '../access/principal.js';
import type { Match } from '../scan/verdict.js';

/** A match as this principal may see it: how near it was is told only with the scope `matches:detail`. */
export function hideDetail(match: Match, principal: Principal): Omit<Match, 'distance' | 'view'> & Partial<Match> {
  if (principal.scopes.has('matches:detail')) return match;
  const { distance: _distance, view: _view, ...rest } = match;
  return rest;
}
