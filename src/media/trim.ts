import type { Picture } from './picture.js';

/** A part of a picture, in pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How far a border's pixels may lie from its colour on average, for what re-encoding does to an even area. */
const TOLERANCE = 10;
/** Share of a line that may lie further off: specks, ringing at the edge of the picture. */
const STRAYS = 0.02;
/** A border is one when it takes at least this share of the side; less changes a hash little. */
const SMALLEST = 0.02;
/** What is left must be this share of each side, so that an even picture with a dot is not a picture of a dot. */
const LEFT_OVER = 0.2;

export interface Trim {
  /** Without all borders; without those above and below alone; without those left and right alone. */
  readonly name: 'trimmed' | 'trimmed-height' | 'trimmed-width';
  readonly area: Area;
}

/**
 * Finds what is left of a picture without its uniform borders (letterbox, pillarbox, frame). Each side is judged by
 * itself, so that borders may differ in colour and width. Where there are borders in both directions, one direction may have been
 * added to a picture that has the other: it is found without either alone too.
 * @returns nothing when nothing substantial would be trimmed, or too little would be left
 */
export function findTrims(picture: Picture): readonly Trim[] {
  const { width, height } = picture;
  const top = borderLines(picture, 'top', height - 1);
  const bottom = borderLines(picture, 'bottom', height - 1 - top);
  const rows = { from: top, to: height - bottom };
  const left = borderLines(picture, 'left', width - 1, rows);
  const right = borderLines(picture, 'right', width - 1 - left, rows);
  const area = { left, top, width: width - left - right, height: height - top - bottom };
  const inHeight = Math.max(top, bottom) >= height * SMALLEST;
  const inWidth = Math.max(left, right) >= width * SMALLEST;
  if ((!inHeight && !inWidth) || area.width < width * LEFT_OVER || area.height < height * LEFT_OVER) return [];
  const all = { name: 'trimmed', area } as const;
  if (!inHeight || !inWidth) return [all];
  return [
    all,
    { name: 'trimmed-height', area: { ...area, left: 0, width } },
    { name: 'trimmed-width', area: { ...area, top: 0, height } },
  ];
}

type Side = 'top' | 'bottom' | 'left' | 'right';

function borderLines(
  { data, width, height, channels }: Picture,
  side: Side,
  limit: number,
  rows: { readonly from: number; readonly to: number } = { from: 0, to: height },
): number {
  const vertical = side === 'left' || side === 'right';
  const [first, last] = vertical ? [rows.from, rows.to] : [0, width];
  const along = vertical ? width * channels : channels;
  const stride = vertical ? channels : width * channels;
  // Large pictures are judged by some of the pixels of each line.
  const every = Math.max(1, Math.floor((last - first) / 256));
  const lineAt = (i: number) => {
    const line = side === 'top' || side === 'left' ? i : (vertical ? width : height) - 1 - i;
    return line * stride + first * along;
  };
  const colour = medianColour(data, lineAt(0), along, last - first, every, channels);
  let lines = 0;
  while (lines < limit && isEven(data, lineAt(lines), along, last - first, every, channels, colour)) lines++;
  return lines;
}

function medianColour(
  data: Uint8Array,
  start: number,
  step: number,
  count: number,
  every: number,
  channels: number,
): readonly number[] {
  return Array.from({ length: channels }, (_, c) => {
    const values: number[] = [];
    for (let i = 0; i < count; i += every) values.push(data[start + i * step + c] as number);
    return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  });
}

function isEven(
  data: Uint8Array,
  start: number,
  step: number,
  count: number,
  every: number,
  channels: number,
  colour: readonly number[],
): boolean {
  let strays = Math.floor((count / every) * STRAYS);
  let sum = 0;
  let seen = 0;
  for (let i = 0; i < count; i += every) {
    const at = start + i * step;
    let off = 0;
    for (let c = 0; c < channels; c++) off = Math.max(off, Math.abs((data[at + c] as number) - (colour[c] as number)));
    if (off > TOLERANCE * 2) {
      if (strays-- === 0) return false;
      continue;
    }
    sum += off;
    seen++;
  }
  return seen > 0 && sum / seen <= TOLERANCE;
}
