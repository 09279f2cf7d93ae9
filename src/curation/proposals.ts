import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import type { Entry } from '../index/entry.js';
import { admitAll } from '../lists/add-entries.js';
import type { Lists } from '../lists/lists.js';
import { raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import { approveWaiting, dropWaiting, insertDerived, sweepWaiting } from '../storage/curation/derived-store.js';
import { setEntryTerm } from '../storage/curation/entry-terms.js';
import {
  anyWaiting,
  closeProposal,
  getProposal,
  insertProposal,
  lapsedProposals,
  listProposals,
  lockProposal,
  type ProposalFilter,
  type StoredProposal,
} from '../storage/curation/proposal-store.js';
import type { Database } from '../storage/database.js';
import { clearEntryStatus, findEntryStatuses, matches, setEntryStatus } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { getList, lockList } from '../storage/list-store.js';
import { randomId } from '../storage/random-id.js';
import type { Db, ProposalAct, ProposalState, Tx } from '../storage/schema.js';
import { mergeDerived } from './merge-derived.js';
import { nextState, type ProposalMove, SERVICE } from './proposal-states.js';
import { countSignals, openEntry, sealEntry } from './proposed-entry.js';

export interface ProposalsOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
  readonly record: RecordEvent;
  /** Days after which a proposal that nobody decides lapses; 14 when left out. */
  readonly keepDays?: number;
}

export interface ProposalDraft {
  readonly list: string;
  readonly act: ProposalAct;
  /** The entry with its signals; those that are derived for `derive`; none for the other acts. */
  readonly entry: Entry;
  readonly reason: string;
  /** When the entry ends. */
  readonly until?: Date | undefined;
  /** Id of the verdict that it follows from. */
  readonly verdict?: string | undefined;
  /** Id of the principal. */
  readonly by: string;
  /** For `enrich`: the id under which the signals of many entries wait, and how many of each type there are. */
  readonly waiting?: { readonly id: string; readonly signals: Readonly<Record<string, number>> } | undefined;
}

const KEEP_DAYS = 14;
const DAY = 24 * 3_600_000;
const SWEPT_AT_ONCE = 100;

/** What one person proposes for a list and another one approves; only then it acts. */
export class Proposals {
  readonly #options: ProposalsOptions;

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  /**
   * @returns the id of the proposal
   * @throws VigieError `list-not-found`, `list-too-many-rejected` (what cannot be used of the entry), `entry-not-found`,
   * `request-invalid` (an end that has passed), `proposal-exists`
   */
  async propose(draft: ProposalDraft): Promise<string> {
    const { database, keyring, lists, record, keepDays = KEEP_DAYS } = this.#options;
    const { list: name, act, entry, reason, until, verdict = null, by } = draft;
    const list = await getList(database.db, name);
    if (act === 'add') admitAll([entry], () => undefined);
    if (act === 'restore' || act === 'derive') await lists.entry(name, entry.id);
    const { waiting } = draft;
    const id = waiting?.id ?? randomId();
    const sealed = sealEntry(keyring, 'proposal', id, entry);
    await database.transaction(async (tx) => {
      const { id: listId } = await lockList(tx, list.id);
      const now = await clock(tx);
      if (until !== undefined && until.getTime() <= now.getTime()) {
        throw new VigieError('request-invalid', { detail: 'until has passed' });
      }
      const closesAt = new Date(now.getTime() + keepDays * DAY);
      const signals = waiting?.signals ?? countSignals(entry.signals);
      const ends = until ?? null;
      await insertProposal(tx, {
        ...{ id, listId, act, entry: entry.id, signals, reason, verdict, closesAt, sealed },
        until: ends,
        proposedBy: by,
      });
      await record(tx, {
        ...{ kind: 'proposal.made', actor: by, subject: `list:${listId}` },
        refs: { proposal: id, list: listId, act, verdict },
        payload: { entry: entry.id, reason, until: ends?.toISOString() ?? null },
      });
      await raiseAttention(tx, { ...attentionOf(listId), subject: `list:${listId}`, detail: { list: name } });
    });
    return id;
  }

  /** Proposals, newest first, without what is sealed in them. @throws VigieError `list-not-found` */
  async ls({ list, ...filter }: Omit<ProposalFilter, 'listId'> & { readonly list?: string | undefined }) {
    const { db } = this.#options.database;
    const listId = list === undefined ? undefined : (await getList(db, list)).id;
    return await listProposals(db, { ...filter, listId });
  }

  /** One proposal. @throws VigieError `proposal-not-found` */
  async show(id: string): Promise<StoredProposal> {
    return (await getProposal(this.#options.database.db, id)).proposal;
  }

  /**
   * What is proposed, with its values: whoever calls this has checked that they may be seen.
   * @returns undefined when it was decided, as it is let go then
   */
  async open(id: string): Promise<Entry | undefined> {
    const { database, keyring } = this.#options;
    const { sealed } = await getProposal(database.db, id);
    return sealed === null ? undefined : openEntry(keyring, 'proposal', id, sealed);
  }

  /**
   * A second person approves: it acts when this returns. When it cannot take effect, it is still proposed.
   * @throws VigieError `proposal-not-found`, `proposal-closed`, `approval-own`, `import-in-progress`, `entry-not-found`
   */
  async approve(id: string, by: string, reason: string | null = null): Promise<StoredProposal> {
    const { database, keyring, lists } = this.#options;
    const { proposal, sealed } = await getProposal(database.db, id);
    nextState(proposal, 'approve', by, await clock(database.db));
    if (sealed === null) throw new VigieError('proposal-closed');
    const entry = openEntry(keyring, 'proposal', id, sealed);
    const { list, act, until } = proposal;
    const decide = async (tx: Tx) => {
      await this.#decide(tx, id, 'approve', by, reason);
    };
    switch (act) {
      case 'add': {
        const within = async (tx: Tx) => {
          await decide(tx);
          await setEntryTerm(tx, proposal.listId, entry.id, until);
          await letAct(tx, proposal, by);
        };
        await lists.addEntries(list, [{ ...entry, added: entry.added ?? Date.now() }], { within });
        break;
      }
      case 'restore': {
        const within = async (tx: Tx) => {
          await decide(tx);
          await setEntryTerm(tx, proposal.listId, entry.id, until);
          await letLast(tx, proposal);
        };
        await lists.restore(list, entry.id, { reason: proposal.reason, by }, { within });
        break;
      }
      case 'derive':
        await this.#approveDerived(proposal, entry, decide);
        break;
      case 'enrich':
        // What was made acts once it is merged into its entries (derivations.ts).
        await database.transaction(decide);
        break;
      case 'lift-approval':
        await lists.describeList(list, { approval: 'none' }, { within: decide });
    }
    return await this.show(id);
  }

  /** @throws VigieError `proposal-not-found`, `proposal-closed` */
  async refuse(id: string, by: string, reason: string): Promise<StoredProposal> {
    return await this.#close(id, 'refuse', by, reason);
  }

  /** Only for whoever has proposed it. @throws VigieError `proposal-not-found`, `proposal-closed`, `scope-missing` */
  async takeBack(id: string, by: string): Promise<StoredProposal> {
    return await this.#close(id, 'take-back', by, null);
  }

  /** Closes proposals whose time is over. @returns how many */
  async sweep(): Promise<number> {
    await sweepWaiting(this.#options.database.db);
    const ids = await lapsedProposals(this.#options.database.db, SWEPT_AT_ONCE);
    let swept = 0;
    for (const id of ids) {
      try {
        await this.#close(id, 'expire', SERVICE, null);
        swept++;
      } catch (error) {
        // Another node was quicker, or its list is gone.
        if (!(error instanceof VigieError) || !GONE.has(error.code)) throw error;
      }
    }
    return swept;
  }

  async #approveDerived(proposal: StoredProposal, entry: Entry, decide: (tx: Tx) => Promise<void>): Promise<void> {
    const { keyring, lists } = this.#options;
    const { id: proposalId, listId, list } = proposal;
    const id = randomId();
    const within = async (tx: Tx) => {
      await decide(tx);
      const sealed = sealEntry(keyring, 'derived', id, entry);
      await insertDerived(tx, { id, listId, entry: entry.id, sealed, proposal: proposalId });
    };
    const version = await lists.rewriteEntries(
      list,
      async (loaded) => {
        const found = await loaded.find(entry.id);
        if (found === undefined) throw new VigieError('entry-not-found');
        const parent = await found.segment.entry(found.row);
        return [mergeDerived(parent, entry.signals, []) ?? parent];
      },
      { within },
    );
    if (version === undefined) throw new VigieError('entry-not-found');
  }

  async #close(id: string, move: ProposalMove, by: string, reason: string | null): Promise<StoredProposal> {
    const { database } = this.#options;
    await database.transaction((tx) => this.#decide(tx, id, move, by, reason));
    return await this.show(id);
  }

  async #decide(tx: Tx, id: string, move: ProposalMove, by: string, reason: string | null): Promise<ProposalState> {
    const { listId } = (await getProposal(tx, id)).proposal;
    // The list first, as everybody does who proposes or publishes, so that nobody waits in a circle.
    await lockList(tx, listId);
    const proposal = await lockProposal(tx, id);
    const state = nextState(proposal, move, by, await clock(tx));
    await closeProposal(tx, id, { state, by, reason });
    if (proposal.act === 'enrich') {
      if (state === 'approved') await approveWaiting(tx, id);
      else await dropWaiting(tx, id);
    }
    const { act, entry } = proposal;
    await this.#options.record(tx, {
      ...{ kind: 'proposal.decided', actor: by, subject: `list:${listId}` },
      refs: { proposal: id, list: listId, act, state },
      payload: { entry, reason },
    });
    if (!(await anyWaiting(tx, listId))) await settleAttention(tx, attentionOf(listId), SERVICE);
    return state;
  }
}

const GONE: ReadonlySet<string> = new Set(['proposal-closed', 'proposal-not-found', 'list-not-found']);

const attentionOf = (listId: string) => ({ kind: 'proposal-waits', cause: `list ${listId}` }) as const;

/** An entry that two persons put on a list acts, whatever became of an earlier one of its id. */
async function letAct(tx: Tx, { listId, entry, reason }: StoredProposal, by: string): Promise<void> {
  await letLast(tx, { listId, entry });
  const said = (await findEntryStatuses(tx, listId, [entry])).find(({ origin }) => origin === 'person');
  if (said === undefined || matches(said.status)) return;
  const active = { status: 'active', reason, changedBy: by, origin: 'person' } as const;
  await setEntryStatus(tx, { listId, entryIds: [entry], ...active });
}

/** That its time was over is over. */
async function letLast(tx: Tx, { listId, entry }: Pick<StoredProposal, 'listId' | 'entry'>): Promise<void> {
  await clearEntryStatus(tx, { listId, entryIds: [entry], origin: 'rule' });
}

/** By the database's clock, as nodes may not agree on the time. */
async function clock(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db);
  return rows[0]?.now ?? new Date();
}
