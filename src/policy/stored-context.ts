import { confirmedItems } from '../storage/author-history.js';
import type { Db } from '../storage/schema.js';
import type { ItemVerdict } from '../storage/verdicts/read-verdicts.js';
import { findingsOf, type ToldDetail, type VerdictContext } from './context.js';
import { HISTORY_MS } from './verdict-conditions.js';

/** Opens what is sealed of an item, and says where it was shared by law. */
export type JurisdictionOf = (itemId: string, sealed: Uint8Array) => string | null;

/**
 * What a policy may go by, of verdicts that were stored.
 * @param history whether it is asked how often people confirmed items of the same accounts
 * @returns for each, with the id of its item, in order
 */
export async function contextsOf(
  db: Db,
  page: readonly ItemVerdict[],
  { history, jurisdictionOf }: { readonly history: boolean; readonly jurisdictionOf: JurisdictionOf },
): Promise<readonly (readonly [string, VerdictContext])[]> {
  const accounts = [...new Set(page.flatMap(({ accountId }) => accountId ?? []))];
  const times = page.map(({ at }) => at.getTime());
  const window = { since: new Date(Math.min(...times) - HISTORY_MS), until: new Date(Math.max(...times)) };
  const confirmed = history && page.length > 0 ? await confirmedItems(db, accounts, window) : new Map();
  return page.map((each) => {
    const { itemId, verdict, reason, at, platform, surface, lane, room, accountId, sealed } = each;
    // Only intake writes this column.
    const detail = each.detail as ToldDetail;
    const context = {
      ...{ at, verdict, reason, platform, surface, lane, room, account: accountId },
      findings: findingsOf(detail),
      jurisdiction: sealed === null ? null : jurisdictionOf(itemId, sealed),
      confirmedAt: (accountId === null ? undefined : confirmed.get(accountId)) ?? [],
      score: detail.score ?? null,
    };
    return [itemId, context] as const;
  });
}
