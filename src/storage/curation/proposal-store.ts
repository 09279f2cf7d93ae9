import { type Selectable, sql } from 'kysely';
import { VigieError } from '../../errors.js';
import { jsonb } from '../column-values.js';
import type { Db, ProposalAct, ProposalState, ProposalTable, Tx } from '../schema.js';
import { SqlError } from '../sql-error.js';

/** A proposal without what is sealed in it. */
export interface StoredProposal {
  readonly id: string;
  readonly listId: string;
  /** Name of the list. */
  readonly list: string;
  readonly act: ProposalAct;
  readonly entry: string;
  readonly state: ProposalState;
  /** How many signals of each type it holds. */
  readonly signals: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly verdict: string | null;
  /** When the entry ends; null when it does not. */
  readonly until: Date | null;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  /** When it lapses unless it is decided. */
  readonly closesAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
}

export type NewProposal = Pick<
  StoredProposal,
  'id' | 'listId' | 'act' | 'entry' | 'signals' | 'reason' | 'verdict' | 'until' | 'proposedBy' | 'closesAt'
> & { readonly sealed: Uint8Array };

export interface ProposalFilter {
  readonly state?: ProposalState | undefined;
  readonly listId?: string | undefined;
  readonly limit: number;
}

const UNIQUE = '23505';

/** @throws VigieError `proposal-exists` with its id, when the same waits already */
export async function insertProposal(tx: Tx, proposal: NewProposal): Promise<void> {
  const { listId, act, entry } = proposal;
  const waiting = await tx
    .selectFrom('proposal')
    .select('id')
    .where('list_id', '=', listId)
    .where('act', '=', act)
    .where('entry_id', '=', entry)
    .where('state', '=', 'proposed')
    .executeTakeFirst();
  if (waiting !== undefined) throw new VigieError('proposal-exists', { detail: waiting.id });
  try {
    await tx
      .insertInto('proposal')
      .values({
        id: proposal.id,
        list_id: listId,
        act,
        entry_id: entry,
        sealed: proposal.sealed,
        signals: jsonb(proposal.signals),
        reason: proposal.reason,
        verdict_id: proposal.verdict,
        until: proposal.until,
        proposed_by: proposal.proposedBy,
        closes_at: proposal.closesAt,
      })
      .execute();
  } catch (thrown) {
    if (thrown instanceof SqlError && thrown.sqlState === UNIQUE) throw new VigieError('proposal-exists');
    throw thrown;
  }
}

/** Proposals, newest first. */
export async function listProposals(db: Db, { state, listId, limit }: ProposalFilter): Promise<StoredProposal[]> {
  const rows = await withList(db)
    .$if(state !== undefined, (query) => query.where('proposal.state', '=', state ?? 'proposed'))
    .$if(listId !== undefined, (query) => query.where('proposal.list_id', '=', listId ?? ''))
    .orderBy('proposed_at', 'desc')
    .orderBy('proposal.id')
    .limit(limit)
    .execute();
  return rows.map(proposalOf);
}

/** @throws VigieError `proposal-not-found` */
export async function getProposal(
  db: Db,
  id: string,
): Promise<{ proposal: StoredProposal; sealed: Uint8Array | null }> {
  const row = await withList(db).where('proposal.id', '=', id).executeTakeFirst();
  if (row === undefined) throw new VigieError('proposal-not-found');
  return { proposal: proposalOf(row), sealed: row.sealed };
}

/** The same, and nobody else can decide it until the transaction ends. */
export async function lockProposal(tx: Tx, id: string): Promise<StoredProposal> {
  const row = await withList(tx).where('proposal.id', '=', id).forUpdate('proposal').executeTakeFirst();
  if (row === undefined) throw new VigieError('proposal-not-found');
  return proposalOf(row);
}

/** Writes a decision down; what was sealed is let go. Lock it and ask the state machine before. */
export async function closeProposal(
  tx: Tx,
  id: string,
  { state, by, reason }: { readonly state: ProposalState; readonly by: string; readonly reason: string | null },
): Promise<void> {
  await tx
    .updateTable('proposal')
    .set({ state, sealed: null, decided_by: by, decided_at: sql<Date>`now()`, decision_reason: reason })
    .where('id', '=', id)
    .execute();
}

/** Ids of those that wait although their time is over, by the database's clock. */
export async function lapsedProposals(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('proposal')
    .select('id')
    .where('state', '=', 'proposed')
    .where('closes_at', '<=', sql<Date>`now()`)
    .orderBy('closes_at')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Whether any proposal for a list waits. */
export async function anyWaiting(tx: Tx, listId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('proposal')
    .select('id')
    .where('list_id', '=', listId)
    .where('state', '=', 'proposed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function withList(db: Db) {
  return db
    .selectFrom('proposal')
    .innerJoin('list', 'list.id', 'proposal.list_id')
    .selectAll('proposal')
    .select('list.name as list');
}

function proposalOf(row: Selectable<ProposalTable> & { readonly list: string }): StoredProposal {
  const { id, list, act, state, signals, reason, until } = row;
  return {
    ...{ id, list, act, state, signals, reason, until },
    listId: row.list_id,
    entry: row.entry_id,
    verdict: row.verdict_id,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    closesAt: row.closes_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    decisionReason: row.decision_reason,
  };
}
