import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { parseNcmecTime } from './ncmec-times.js';

/** A range of time that is read page by page. Entries in it come in no order, so it is done only when all are read. */
export interface NcmecWindow {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** How far both clocks had come when it was begun: what was entered later than that may be missing from it. */
  readonly sure: number;
  /** Where the next page is; undefined before the first. */
  readonly next: string | undefined;
  /** When `next` was given, by the source's clock, seconds since 1970. */
  readonly at: number;
  /** Records that were read of it. */
  readonly taken: number;
}

/** Where we are: everything up to `from` is stored for sure, and of the open window everything before its `next`. */
export interface NcmecPosition {
  readonly from: number;
  /** How long a window may be, seconds. */
  readonly span: number;
  readonly open: NcmecWindow | undefined;
}

const seconds = z.number().int().min(0);
const positionSchema = z.object({
  from: seconds,
  span: seconds.min(1),
  open: z
    .object({
      from: seconds,
      to: seconds,
      sure: seconds,
      next: z.string().min(1).max(4_096),
      at: seconds,
      taken: seconds,
    })
    .optional(),
});

/** @returns undefined for a checkpoint that is none of ours */
export function readNcmecPosition(checkpoint: unknown): NcmecPosition | undefined {
  const { success, data } = positionSchema.safeParse(checkpoint);
  return success ? { from: data.from, span: data.span, open: data.open } : undefined;
}

/** A `next` that is older is not used any more. */
const NEXT_SECONDS = 12 * 3_600;

export function isNextStale({ at }: NcmecWindow, now: number): boolean {
  return now - at >= NEXT_SECONDS;
}

/**
 * Checks where the next page is said to be.
 * @param base the environment's address, without a slash at its end
 * @returns the path below the environment
 * @throws VigieError `source-malformed` when it leads elsewhere, or into another window
 */
export function checkNext(next: string, base: string, asked: { readonly from: number; readonly to: number }): string {
  const wrong = (detail: string) => new VigieError('source-malformed', { detail });
  const below = next.startsWith(`${base}/`) ? next.slice(base.length) : next;
  // Some answers are escaped twice.
  const path = below.replaceAll('&amp;', '&');
  if (path.length > 4_096 || !path.startsWith('/v2/entries?')) throw wrong('a next page that is not of its entries');
  const query = new URLSearchParams(path.slice(path.indexOf('?')));
  const [from, to] = [parseNcmecTime(query.get('from') ?? ''), parseNcmecTime(query.get('to') ?? '')];
  const same = from === asked.from * 1_000 && to === asked.to * 1_000;
  if (!same) throw wrong('a next page of another range of time');
  return path;
}

/** How many records a window has by its first page: what was read, and what `next` says is left. It may be far off. */
export function estimateRecords(read: number, next: string): number {
  const query = new URLSearchParams(next.slice(next.indexOf('?')));
  const [start, max] = [Number(query.get('start') ?? Number.NaN), Number(query.get('max') ?? Number.NaN)];
  return Number.isSafeInteger(start) && Number.isSafeInteger(max) ? read + Math.max(1, max - start) : read + 1;
}
