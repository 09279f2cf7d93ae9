const AREAS: Readonly<Record<string, string>> = {
  stored: 'as it is stored, before turning',
  'over-black': 'over black',
  opaque: 'without its transparency',
  trimmed: 'without its border',
  'trimmed-height': 'without its border above and below',
  'trimmed-width': 'without its border at the sides',
};

const WAYS: Readonly<Record<string, string>> = {
  'as-is': 'as it is',
  negative: 'as a negative',
  rotate90: 'turned by a quarter',
  rotate180: 'turned upside down',
  rotate270: 'turned by a quarter',
  flipX: 'mirrored',
  flipY: 'mirrored',
  flipPlus1: 'mirrored and turned',
  flipMinus1: 'mirrored and turned',
};

/** The view of a medium in which it matched, such as `trimmed+flipY`, in words. */
export function viewInWords(view: string): string {
  return view
    .split('+')
    .map((part) => AREAS[part] ?? WAYS[part] ?? part)
    .join(', ');
}
