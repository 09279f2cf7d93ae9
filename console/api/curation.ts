import { json, listPath } from './client.js';
import type { HashList } from './types.js';

export type ProposalState = 'proposed' | 'approved' | 'refused' | 'expired' | 'taken-back';
export type ProposalAct = 'add' | 'restore' | 'derive' | 'enrich' | 'lift-approval';

/** What one person wants of a list and a second one decides. */
export interface Proposal {
  readonly id: string;
  readonly list: string;
  readonly act: ProposalAct;
  readonly entry: string;
  readonly state: ProposalState;
  /** How many signals of each type. */
  readonly signals: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly verdict: string | null;
  readonly until: string | null;
  readonly proposedBy: string;
  readonly proposed: string;
  /** It lapses then. */
  readonly closes: string;
  readonly decidedBy: string | null;
  readonly decided: string | null;
  readonly decisionReason: string | null;
}

/** What the lists hold already that is the same or near. */
export interface Known {
  readonly total: number;
  readonly entries?: readonly {
    readonly list: string;
    readonly entry: string;
    readonly signal: string;
    readonly distance: number;
  }[];
}

export interface ShownProposal extends Proposal {
  readonly known: Known | null;
  /** Only until it is decided, and with the scope `entries:read`. */
  readonly content: {
    readonly grade: string | null;
    readonly kind: string | null;
    readonly comment: string | null;
    readonly signals: readonly { readonly type: string; readonly value: string; readonly quality: number | null }[];
  } | null;
}

export interface ProposalDraft {
  readonly act: Exclude<ProposalAct, 'derive' | 'enrich'>;
  readonly entry?: {
    readonly id?: string;
    readonly grade?: string;
    readonly comment?: string;
    readonly signals?: readonly { readonly type: string; readonly value: string }[];
  };
  readonly verdict?: string;
  readonly medium?: number;
  readonly reason: string;
  readonly until?: string;
}

/** A proposal that was made. */
export interface MadeProposal extends Proposal {
  /** Why the medium has no perceptual hash, or only a part of it. */
  readonly lacks: string | null;
  readonly known: Known;
}

const proposalPath = (id: string, act = ''): string => `/v1/proposals/${encodeURIComponent(id)}${act}`;

export const getProposals = async (state: ProposalState | undefined, signal?: AbortSignal) =>
  (
    await json<{ proposals: readonly Proposal[] }>(
      'GET',
      `/v1/proposals${state === undefined ? '' : `?state=${state}`}`,
      {
        signal,
      },
    )
  ).proposals;

export const getProposal = (id: string, signal?: AbortSignal) =>
  json<ShownProposal>('GET', proposalPath(id), { signal });

/** @param medium the picture or clip that the signals are made of */
export function propose(list: string, draft: ProposalDraft, medium?: Blob): Promise<MadeProposal> {
  const path = listPath(list, '/proposals');
  if (medium === undefined) return json('POST', path, { json: draft });
  const form = new FormData();
  form.set('proposal', JSON.stringify(draft));
  form.set('media', medium);
  return json('POST', path, { form });
}

export const approveProposal = (id: string, reason: string) =>
  json<Proposal>('POST', proposalPath(id, '/approve'), { json: reason === '' ? {} : { reason } });

export const refuseProposal = (id: string, reason: string) =>
  json<Proposal>('POST', proposalPath(id, '/refuse'), { json: { reason } });

export const takeProposalBack = (id: string) => json<Proposal>('DELETE', proposalPath(id));

export const createList = (list: {
  readonly name: string;
  readonly approval: HashList['approval'];
  readonly licence?: string;
}) => json<HashList>('POST', '/v1/lists', { json: list });

export type EntryStatusWord = 'withdrawn' | 'disputed' | 'inactive' | 'active';
export type EntryOrigin = 'person' | 'source' | 'quarantine' | 'rule';

/** What one origin says of an entry. */
export interface EntryStatus {
  readonly origin: EntryOrigin;
  readonly status: EntryStatusWord;
  readonly reason: string | null;
  readonly by: string | null;
  readonly at: string;
}

export interface StatusOfEntry extends EntryStatus {
  readonly list: string;
  readonly entry: string;
}

/** An entry with its fingerprints; that it was looked at is recorded. */
export interface ShownEntry {
  readonly id: string;
  readonly grade: string | null;
  readonly kind: string | null;
  readonly text: string | null;
  readonly overlook: string | null;
  readonly added: string | null;
  readonly comment: string | null;
  readonly until: string | null;
  readonly member: string | null;
  readonly opinions: readonly { readonly member: string; readonly affirmative: boolean }[];
  readonly status: EntryStatusWord;
  readonly statuses: readonly EntryStatus[];
  readonly signals: readonly {
    readonly type: string;
    readonly value: string;
    readonly quality: number | null;
    readonly active: boolean;
    readonly derived: boolean;
  }[];
}

export const getEntryStatuses = async (signal?: AbortSignal) =>
  (await json<{ statuses: readonly StatusOfEntry[] }>('GET', '/v1/entry-statuses', { signal })).statuses;

const entryPath = (list: string, entry: string, rest = ''): string =>
  listPath(list, `/entries/${encodeURIComponent(entry)}${rest}`);

export const getEntry = (list: string, entry: string, signal?: AbortSignal) =>
  json<ShownEntry>('GET', entryPath(list, entry), { signal });

/** What was made here for an entry goes; what its source gives stays. */
export const withdrawDerived = (list: string, entry: string, reason: string) =>
  json<{ withdrawn: true }>('POST', entryPath(list, entry, '/derived/withdraw'), { json: { reason } });

export interface Judgement {
  readonly opinion: 'confirmed' | 'refuted';
  readonly disputed: boolean;
  readonly feedback: 'queued' | 'known' | 'not-taken' | 'no-source' | 'entry-gone';
  readonly derived: { readonly state: 'proposed' | 'not-needed' | 'not-had'; readonly reason: string | null };
}

/** What a person says of a match. @param verdict id of the verdict */
export const judgeMatch = (
  verdict: string,
  said: {
    readonly list: string;
    readonly entry: string;
    readonly opinion: 'confirmed' | 'refuted';
    readonly reason: string;
  },
) => json<Judgement>('POST', `/v1/verdicts/${encodeURIComponent(verdict)}/feedback`, { json: said });
