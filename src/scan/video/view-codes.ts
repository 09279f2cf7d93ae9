import type { FrameSignals } from '../../media/media-signals.js';
import { DIHEDRAL_NAMES } from '../../signals/pdq/dihedral.js';
import { viewName } from '../views.js';

export type Area = FrameSignals['area'];

const AREAS: readonly Area[] = ['full', 'trimmed', 'stored', 'over-black', 'opaque', 'trimmed-height', 'trimmed-width'];

export const ORIENTATIONS = DIHEDRAL_NAMES.length;
/** How many views a frame can have: each area, turned and mirrored. */
export const VIEWS = AREAS.length * ORIENTATIONS;

/** A view as a small number. */
export function viewCode(area: Area, orientation: number): number {
  return AREAS.indexOf(area) * ORIENTATIONS + orientation;
}

export function areaOf(view: number): Area {
  return AREAS[Math.floor(view / ORIENTATIONS)]!;
}

export function orientationOf(view: number): number {
  return view % ORIENTATIONS;
}

/** The name by which a match tells of it. */
export function nameOfView(view: number): string {
  return viewName(areaOf(view), DIHEDRAL_NAMES[orientationOf(view)]!, false);
}

/** The view in which most was found. */
export function mostUsedView(found: readonly { readonly view: number }[]): number {
  const counts = new Uint32Array(VIEWS);
  for (const { view } of found) counts[view]!++;
  return counts.indexOf(Math.max(...counts));
}
