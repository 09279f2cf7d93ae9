import { decodeHex } from '../text-decoding.js';
import { MAX_VPDQ_SECONDS, PDQ_BYTES, type VpdqFrame } from './vpdq-frame.js';

const COMMA = 0x2c;
const HEX_DIGITS = 2 * PDQ_BYTES;
type Bounds = readonly [start: number, end: number];

/** Longer numbers are none. */
const NUMBER_DIGITS = 24;

/** Fields of a frame: a line of the C++ program's file, or a text of the Python package's JSON. */
export type VpdqForm = 'lines' | 'json';

/**
 * Reads `frame,quality,hash,seconds` or `hash,quality,seconds` from bytes of ASCII text without white space around it.
 * More fields in a line are allowed, as in the reference.
 * @param position what `frame` is when the text has none
 * @returns undefined when it cannot be read
 */
export function parseFrame(
  source: Uint8Array,
  start: number,
  end: number,
  form: VpdqForm,
  position: number,
): VpdqFrame | undefined {
  const fields = fieldsOf(source, start, end);
  const wanted = form === 'lines' ? 4 : 3;
  if (fields.length < wanted || (form === 'json' && fields.length > wanted)) return undefined;
  const [first, second, third, fourth] = fields as [Bounds, Bounds, Bounds, Bounds];
  const number = ([from, to]: Bounds): number => decimal(source, from, to);
  const frame = form === 'lines' ? number(first) : position;
  const quality = number(second);
  const seconds = number(form === 'lines' ? fourth : third);
  const [hexFrom, hexTo] = form === 'lines' ? third : first;
  if (hexTo - hexFrom !== HEX_DIGITS || !isFrame(frame, quality, seconds)) return undefined;
  const pdq = new Uint8Array(PDQ_BYTES);
  if (!decodeHex(source, hexFrom, pdq, 0, PDQ_BYTES)) return undefined;
  return { frame, quality, seconds, pdq };
}

/** The first five fields between commas; there is no use for more. */
function fieldsOf(source: Uint8Array, start: number, end: number): Bounds[] {
  const fields: Bounds[] = [];
  for (let from = start; fields.length < 5; ) {
    let to = from;
    while (to < end && source[to] !== COMMA) to++;
    fields.push([from, to]);
    if (to >= end) break;
    from = to + 1;
  }
  return fields;
}

/** Whether numbers are within what a frame may have. */
export function isFrame(frame: number, quality: number, seconds: number): boolean {
  return (
    Number.isSafeInteger(frame) &&
    frame >= 0 &&
    Number.isInteger(quality) &&
    quality >= 0 &&
    quality <= 100 &&
    seconds >= 0 &&
    seconds <= MAX_VPDQ_SECONDS
  );
}

/** A number without a sign, with a fraction and an exponent if it has; NaN for anything else. */
function decimal(source: Uint8Array, start: number, end: number): number {
  if (end - start > NUMBER_DIGITS) return Number.NaN;
  let whole = 0;
  let plain = end > start;
  for (let i = start; i < end; i++) {
    const digit = (source[i] as number) - 0x30;
    if (digit < 0 || digit > 9) {
      plain = false;
      break;
    }
    whole = whole * 10 + digit;
  }
  return plain ? whole : decimalOf(String.fromCharCode(...source.subarray(start, end)));
}

/** The same for a text. */
export function decimalOf(text: string): number {
  return text.length <= NUMBER_DIGITS && /^\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
