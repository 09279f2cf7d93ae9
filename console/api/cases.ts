import type { Consequences, SubjectKind } from './actions.js';
import { json } from './client.js';

export type CaseDecision = 'confirmed' | 'dismissed';

/** What waits for a decision of people, or was decided by them. */
export interface Case {
  readonly id: string;
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly platform: string;
  readonly state: 'open' | 'decided';
  /** From 0 to 100. */
  readonly priority: number;
  readonly cause: string;
  readonly item: string | null;
  /** Our own id of whom it is about. */
  readonly account: string | null;
  readonly verdict: string | null;
  readonly score: number | null;
  readonly reports: number;
  readonly opened: string;
  readonly due: string;
  readonly decision: CaseDecision | null;
  readonly decidedBy: string | null;
  readonly decided: string | null;
}

export interface CaseFilter {
  readonly state: Case['state'];
  readonly platform?: string;
}

export interface CasePage {
  readonly cases: readonly Case[];
  /** Where the next page begins; null: there is none. */
  readonly next: string | null;
}

/** Open ones by priority and age, decided ones latest first. @param after `next` of the page before */
export async function getCases(
  filter: CaseFilter,
  { after, limit, signal }: { after?: string | undefined; limit: number; signal?: AbortSignal },
): Promise<CasePage> {
  const query = new URLSearchParams({ limit: String(limit), ...filter, ...(after !== undefined && { after }) });
  return await json('GET', `/v1/cases?${query}`, { signal });
}

/** Confirmed, the item goes with all copies; dismissed, what was done is undone. */
export const decideCase = (
  id: string,
  decision: { readonly decision: CaseDecision; readonly reason: string; readonly siblings?: boolean },
) =>
  json<Consequences & { readonly case: Case }>('POST', `/v1/cases/${encodeURIComponent(id)}/decide`, {
    json: decision,
  });
