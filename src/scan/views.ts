import { type FrameSignals, MINIMUM_QUALITY } from '../media/media-signals.js';
import { complement, DIHEDRAL_NAMES, type DihedralName } from '../signals/pdq/dihedral.js';

const PDQ_BYTES = 32;

/** One more way of looking at the same frame, as a hash to look up. */
export interface View {
  readonly name: string;
  readonly frame: number;
  readonly quality: number;
  readonly negative: boolean;
  readonly pdq: Uint8Array;
}

const AREA_PREFIX: Readonly<Record<FrameSignals['area'], string>> = {
  full: '',
  stored: 'stored',
  'over-black': 'over-black',
  opaque: 'opaque',
  trimmed: 'trimmed',
  'trimmed-height': 'trimmed-height',
  'trimmed-width': 'trimmed-width',
};

const nameOf = (prefix: string, way: string): string => {
  if (prefix === '') return way === '' ? 'as-is' : way;
  return way === '' ? prefix : `${prefix}+${way}`;
};

/** How a view is called: `as-is`, `flipY`, `trimmed+negative` … */
export function viewName(area: FrameSignals['area'], dihedral: DihedralName, negative: boolean): string {
  const way = [negative ? 'negative' : '', dihedral === 'original' ? '' : dihedral].filter((s) => s !== '');
  return nameOf(AREA_PREFIX[area], way.join('+'));
}

/**
 * The views of a medium, most likely first: each area turned and mirrored in eight ways, and each of those as a
 * negative. Frames whose quality says nothing give none.
 */
export function* viewsOf(frames: readonly FrameSignals[]): Generator<View> {
  for (const negative of [false, true]) {
    for (const { area, frame, quality, pdq } of frames) {
      if (quality < MINIMUM_QUALITY) continue;
      for (const [i, dihedral] of DIHEDRAL_NAMES.entries()) {
        const hash = pdq.subarray(i * PDQ_BYTES, (i + 1) * PDQ_BYTES);
        const name = viewName(area, dihedral, negative);
        yield { name, frame, quality, negative, pdq: negative ? complement(hash) : hash };
      }
    }
  }
}
