import { VigieError } from '../../errors.js';
import { decodeHex, encodeHex, trimmedBounds } from '../text-decoding.js';
import { decimalOf, isFrame, parseFrame, type VpdqForm } from './vpdq-fields.js';
import { MAX_VPDQ_FRAMES, PDQ_BYTES, type VpdqFrame } from './vpdq-frame.js';

/** Takes what is read. */
export interface VpdqVisitor {
  /** @param number of the line or of the element, from 1 */
  frame(frame: VpdqFrame, number: number): void;
  /** A frame that cannot be read. */
  bad(number: number): void;
}

const LF = 10;
const BYTE_ORDER_MARK = '\uFEFF';
const OPEN_ARRAY = '[';
/** Longest text of one frame that is looked at, in bytes. */
const FRAME_TEXT = 256;

const encoder = new TextEncoder();
const scratch = new Uint8Array(FRAME_TEXT);

/**
 * Reads the frames of one video, in either of the two forms in which they are exchanged:
 * lines `frame,quality,hash,seconds` as the C++ program `vpdq-hash-video` writes them, or a JSON array of texts
 * `hash,quality,seconds` as `threatexchange` does in Python (objects with those names are read too).
 * @returns the form; undefined when the text begins as a JSON array and is none, or holds nothing
 */
export function readVpdq(text: string, visitor: VpdqVisitor): VpdqForm | undefined {
  const marked = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  if (!marked.trimStart().startsWith(OPEN_ARRAY)) return readLines(marked, visitor) ? 'lines' : undefined;
  let items: unknown;
  try {
    items = JSON.parse(marked);
  } catch {
    return undefined;
  }
  if (!Array.isArray(items) || items.length === 0) return undefined;
  readVpdqItems(items, visitor);
  return 'json';
}

/** Reads the elements of a JSON array: texts `hash,quality,seconds`, or objects. */
export function readVpdqItems(items: readonly unknown[], visitor: VpdqVisitor): void {
  for (const [i, item] of items.entries()) {
    const frame = readVpdqItem(item, i);
    if (frame === undefined) visitor.bad(i + 1);
    else visitor.frame(frame, i + 1);
  }
}

/**
 * Reads one frame: a text `hash,quality,seconds`, or an object with `pdq` (or `hash`, `value`), `quality` and `seconds`
 * (or `timestamp`), and `frame` if it likes.
 * @param position what `frame` is when there is none
 */
export function readVpdqItem(item: unknown, position: number): VpdqFrame | undefined {
  if (typeof item === 'string') {
    const { read, written } = encoder.encodeInto(item, scratch);
    if (read < item.length) return undefined;
    const [from, to] = trimmedBounds(scratch, 0, written);
    return parseFrame(scratch, from, to, 'json', position);
  }
  if (typeof item !== 'object' || item === null) return undefined;
  const { frame = position, quality, seconds, timestamp, pdq, hash, value } = item as Readonly<Record<string, unknown>>;
  const hex = pdq ?? hash ?? value;
  const numbers = [numberOf(frame), numberOf(quality), numberOf(seconds ?? timestamp)] as const;
  if (typeof hex !== 'string' || hex.length !== 2 * PDQ_BYTES || !isFrame(...numbers)) return undefined;
  const target = new Uint8Array(PDQ_BYTES);
  const { read, written } = encoder.encodeInto(hex, scratch);
  if (read !== written || !decodeHex(scratch, 0, target, 0, PDQ_BYTES)) return undefined;
  return { frame: numbers[0], quality: numbers[1], seconds: numbers[2], pdq: target };
}

function readLines(text: string, visitor: VpdqVisitor): boolean {
  const bytes = encoder.encode(text);
  let any = false;
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(LF, start);
    const end = newline < 0 ? bytes.length : newline;
    const [from, to] = trimmedBounds(bytes, start, end);
    start = end + 1;
    if (from === to) continue;
    any = true;
    const frame = parseFrame(bytes, from, to, 'lines', 0);
    if (frame === undefined) visitor.bad(line);
    else visitor.frame(frame, line);
  }
  return any;
}

/**
 * Reads the frames of one video, all of them or none.
 * @throws VigieError `signal-invalid` naming the line or the element, never its value
 */
export function parseVpdq(text: string): VpdqFrame[] {
  const frames: VpdqFrame[] = [];
  const form = readVpdq(text, {
    frame: (frame) => frames.push(frame),
    bad: (number) => {
      throw new VigieError('signal-invalid', { detail: `vpdq: frame ${number}` });
    },
  });
  if (form === undefined) throw new VigieError('signal-invalid', { detail: 'vpdq: no frames' });
  if (frames.length > MAX_VPDQ_FRAMES) {
    throw new VigieError('signal-invalid', { detail: `vpdq: more than ${MAX_VPDQ_FRAMES} frames` });
  }
  return frames;
}

/** Writes the file of the C++ program: times have three decimals. */
export function formatVpdqFile(frames: readonly VpdqFrame[]): string {
  return frames
    .map(({ frame, quality, pdq, seconds }) => `${frame},${quality},${encodeHex(pdq)},${seconds.toFixed(3)}\n`)
    .join('');
}

/**
 * Writes the JSON array of the Python package. Times are exact to the millisecond, where the package itself writes three
 * significant digits; it reads both.
 */
export function formatVpdqJson(frames: readonly VpdqFrame[]): string {
  return JSON.stringify(frames.map(formatVpdqItem));
}

/** One element of it. */
export function formatVpdqItem({ pdq, quality, seconds }: Omit<VpdqFrame, 'frame'>): string {
  return `${encodeHex(pdq)},${quality},${Math.round(seconds * 1000) / 1000}`;
}

function numberOf(value: unknown): number {
  if (typeof value === 'string') return decimalOf(value.trim());
  return typeof value === 'number' ? value : Number.NaN;
}
