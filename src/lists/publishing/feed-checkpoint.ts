import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VigieError } from '../../errors.js';

const shape = z.discriminatedUnion('at', [
  /** In the middle of the list itself; what changes meanwhile is in the log after `seq`. */
  z.object({
    at: z.literal('list'),
    epoch: z.string(),
    view: z.string(),
    seq: z.number().int().min(0),
    /** Segments that are read whole, by the beginning of their ids. */
    done: z.array(z.string().max(16)).max(4_096),
    segment: z.string().max(16).nullable(),
    row: z.number().int().min(0),
  }),
  z.object({ at: z.literal('log'), epoch: z.string(), view: z.string(), seq: z.number().int().min(0) }),
]);

/** How far a member has read. */
export type FeedCheckpoint = z.output<typeof shape>;

const LIMIT = 100_000;

export function writeCheckpoint(checkpoint: FeedCheckpoint): string {
  return Buffer.from(JSON.stringify(checkpoint)).toString('base64url');
}

/** @throws VigieError `feed-checkpoint-invalid` */
export function readCheckpoint(text: string): FeedCheckpoint {
  try {
    if (text.length > LIMIT) throw new VigieError('feed-checkpoint-invalid');
    return shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw new VigieError('feed-checkpoint-invalid', { cause });
  }
}

/** Names what a member gets to see of a list: when that changes, what it has read counts no longer. */
export function viewId(grades: readonly string[] | null): string {
  return createHash('sha256')
    .update(JSON.stringify(grades?.toSorted() ?? null))
    .digest('hex')
    .slice(0, 12);
}

/** How a checkpoint names a segment. */
export function shortSegment(id: string): string {
  return id.slice(0, 16);
}
