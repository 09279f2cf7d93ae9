import type { VerdictWord } from '../scan/verdict.js';
import type { readItemVerdict, StoredItem } from '../storage/items/item-rows.js';
import type { ItemState, Lane, Surface } from '../storage/schema.js';
import type { MediumDetail, VerdictDetail, WordsDetail } from './verdict-detail.js';

/** What is known of an item, for whoever handed it in. */
export interface ItemReport {
  readonly id: string;
  readonly platform: string;
  readonly platformId: string;
  readonly state: ItemState;
  readonly surface: Surface;
  readonly lane: Lane;
  readonly receivedAt: Date;
  readonly toldAt: Date | null;
  readonly verdict: ItemVerdict | null;
}

export interface ItemVerdict {
  readonly id: string;
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  /** Ordinal of the medium that decided it. */
  readonly medium: number;
  readonly media: readonly MediumDetail[];
  readonly words: WordsDetail | null;
  readonly score: NonNullable<VerdictDetail['score']> | null;
  readonly engine: string;
  readonly appliedSeq: number;
  readonly node: string;
  readonly at: Date;
}

export function reportOf(item: StoredItem, row: Awaited<ReturnType<typeof readItemVerdict>>): ItemReport {
  const { id, platform, platformId, state, surface, lane, receivedAt, toldAt } = item;
  const report = { id, platform, platformId, state, surface, lane, receivedAt, toldAt };
  if (row === undefined) return { ...report, verdict: null };
  // Only the scan worker writes it.
  const { media, words = null, score = null } = row.detail as VerdictDetail;
  const { verdict, reason, medium, engine, applied_seq: appliedSeq, node, at } = row;
  return {
    ...report,
    verdict: { id: row.id, verdict, reason, medium, media, words, score, engine, appliedSeq, node, at },
  };
}
