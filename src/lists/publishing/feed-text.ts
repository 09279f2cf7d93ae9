/** A page of the feed as JSON lines: who asked for what; the changes, one a line; where it goes on. */
import { z } from 'zod';
import { toFeedEntry } from './feed-entry.js';
import type { FeedPage } from './feed-reader.js';

export const FEED = 'vigie-feed/1';
export const FEED_TYPE = 'application/x-ndjson';

/** No page is longer, unpacked: 50,000 frames, and a video of the most frames that there can be. */
export const PAGE_BYTES = 64 * 2 ** 20;

/** Says which question a page answers. All of it is signed, so that an answer fits its question and no other. */
export const pageHeadShape = z.object({
  feed: z.literal(FEED),
  /** Id of the installation. */
  publisher: z.string().max(100),
  list: z.string().max(100),
  member: z.string().max(100),
  after: z.string().nullable(),
  nonce: z.string().max(200),
  restart: z.boolean(),
});

export const pageEndShape = z.object({ next: z.string(), upToDate: z.boolean(), changes: z.number().int().min(0) });

export function writePage(head: Omit<z.output<typeof pageHeadShape>, 'feed' | 'restart'>, page: FeedPage): Buffer {
  const { changes, next, upToDate, restart } = page;
  const lines = [JSON.stringify({ feed: FEED, ...head, restart })];
  for (const each of changes) {
    lines.push(JSON.stringify('put' in each ? { put: toFeedEntry(each.put, each.opinions) } : { remove: each.remove }));
  }
  lines.push(JSON.stringify({ next, upToDate, changes: changes.length }));
  return Buffer.from(`${lines.join('\n')}\n`);
}
