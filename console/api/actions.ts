import { json } from './client.js';

export type ActionState = 'proposed' | 'ordered' | 'confirmed' | 'dropped' | 'failed' | 'given-up' | 'refused';
export type SubjectKind = 'item' | 'account' | 'room';

/** Something that is to be done on a platform, was done, or was kept from being done. */
export interface Action {
  readonly id: string;
  readonly act: string;
  readonly platform: string;
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly item: string | null;
  readonly verdict: string | null;
  readonly case: string | null;
  /** Id of the list of the entry that it rests on. */
  readonly list: string | null;
  readonly listName: string | null;
  readonly entry: string | null;
  readonly rule: string;
  readonly policyVersion: number | null;
  readonly reason: string;
  readonly state: ActionState;
  /** What keeps it waiting for a person. */
  readonly heldBy: string | null;
  readonly dryRun: boolean;
  /** What the platform said, why it was dropped, or the code of an error. */
  readonly outcome: string | null;
  /** Id of the action that it takes back. */
  readonly undoes: string | null;
  /** Id of the action that takes it back. */
  readonly undoneBy: string | null;
  readonly attempts: number | null;
  readonly next: string | null;
  readonly lastError: string | null;
  readonly proposed: string;
  readonly ordered: string | null;
  /** `policy`, or who answers for it. */
  readonly orderedBy: string | null;
  readonly ended: string | null;
}

export interface ActionFilter {
  readonly state?: ActionState | 'open';
  readonly platform?: string;
  readonly act?: string;
  readonly heldBy?: string;
  readonly case?: string;
}

export interface ActionPage {
  readonly actions: readonly Action[];
  /** Where the next page begins; null: there is none. */
  readonly next: string | null;
}

/** How much a decision gave rise to. */
export interface Consequences {
  readonly ordered: number;
  /** What waited and is not wanted any more. */
  readonly dropped: number;
}

/** Newest first. @param before `next` of the page before */
export async function getActions(
  filter: ActionFilter,
  { before, limit, signal }: { before?: string | undefined; limit: number; signal?: AbortSignal },
): Promise<ActionPage> {
  const query = new URLSearchParams({ limit: String(limit), ...filter, ...(before !== undefined && { before }) });
  return await json('GET', `/v1/actions?${query}`, { signal });
}

const decide = (act: string) => (id: string, reason: string) =>
  json<Action>('POST', `/v1/actions/${encodeURIComponent(id)}/${act}`, { json: { reason } });

/** Orders what waits for a person. */
export const approveAction = decide('approve');

export const refuseAction = decide('refuse');

export const giveUpAction = decide('give-up');

/** Tries it now, with all its attempts again. */
export const retryAction = (id: string) => json<Action>('POST', `/v1/actions/${encodeURIComponent(id)}/retry`);

/** Takes back an action and those on copies of its item. @param dispute whether the entry that it rests on is doubted */
export const undoAction = (id: string, reason: string, dispute: boolean) =>
  json<Consequences>('POST', `/v1/actions/${encodeURIComponent(id)}/undo`, { json: { reason, dispute } });

/** Takes back everything that rests on an entry, which is doubted. */
export const undoEntry = (list: string, entry: string, reason: string) =>
  json<Consequences>('POST', '/v1/actions/undo-entry', { json: { list, entry, reason } });
