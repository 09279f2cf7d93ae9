import { VigieError } from '../errors.js';
import type { Cases } from '../moderation/cases.js';
import type { Database } from '../storage/database.js';
import { type ActionRow, findAction, moveAction } from '../storage/enforcement/action-store.js';
import type { CaseRow } from '../storage/enforcement/case-store.js';
import { matchesOf, type Reached, reachedItems } from '../storage/enforcement/copies.js';
import { actionsOfEntry, actionsOfItems, isUndone } from '../storage/enforcement/undoing.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { readItems } from '../storage/items/item-rows.js';
import { giveUpEffect } from '../storage/outbox/outbox-store.js';
import type { CaseDecision, Tx } from '../storage/schema.js';
import { settleFailed } from './action-delivery.js';
import { recordAction } from './action-orders.js';
import { isAct } from './action-plan.js';
import { type Act, UNDONE_BY } from './acts.js';
import type { Enforcer } from './enforcer.js';

export interface DecisionsOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly cases: Cases;
  readonly enforcer: Pick<Enforcer, 'writer'>;
  /** Disputes an entry, or does nothing when its list is gone. */
  readonly dispute: (entry: { listId: string; entryId: string }, reason: string, by: string) => Promise<void>;
}

export interface DecisionBy {
  /** Id of the principal. */
  readonly by: string;
  readonly reason: string;
}

export interface Reach {
  /** What was shared together with the item is meant as well. */
  readonly siblings?: boolean;
  /** Media of the item whose copies are meant; those that match when left out, or its only one. */
  readonly media?: readonly number[];
}

/** How many acts a decision gave rise to. */
export interface Consequences {
  readonly ordered: number;
  /** What waited and is not wanted any more. */
  readonly dropped: number;
}

const PORTION = 100;
const RULE = 'person';
const UNDONE = 'What was removed is to be seen again: it was taken down by mistake.';

/** What people decide, and what follows from it everywhere: one decision reaches all copies, and one undoes them. */
export class Decisions {
  readonly #options: DecisionsOptions;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /**
   * Decides a case. Confirmed, its item is removed with all that carries the same or matched the same entries; dismissed,
   * what waited is refused and what was done is undone. The same decision again goes on where it was cut off.
   * @throws VigieError `case-not-found`, `case-decided`
   */
  async decideCase(
    id: string,
    decision: CaseDecision,
    { by, reason, ...reach }: DecisionBy & Reach,
  ): Promise<{ readonly decided: CaseRow; readonly consequences: Consequences }> {
    const { database, cases } = this.#options;
    const before = await cases.show(id);
    if (before.state === 'decided' && before.decision !== decision) throw new VigieError('case-decided');
    const decided =
      before.state === 'decided'
        ? before
        : await database.transaction((tx) => cases.decide(tx, id, { decision, reason, by }));
    const { item_id: itemId } = decided;
    const nothing = { ordered: 0, dropped: 0 };
    if (itemId === null || decided.subject_kind !== 'item') return { decided, consequences: nothing };
    const consequences =
      decision === 'confirmed'
        ? { ...nothing, ordered: await this.confirm(itemId, { by, reason, ...reach }, id) }
        : await this.#undoItem(itemId, { by, reason }, false);
    return { decided, consequences };
  }

  /**
   * Removes an item and every copy that is still up, in portions; what is gone, or removed already, is left alone.
   * @returns how many removals were ordered
   */
  async confirm(itemId: string, { by, reason, ...reach }: DecisionBy & Reach, caseId: string | null = null) {
    const { database } = this.#options;
    const { db } = database;
    const matches = (await matchesOf(db, itemId)).filter(({ medium }) => medium >= 0);
    const media = reach.media ?? (await this.#media(itemId, matches));
    const [item] = await readItems(db, [itemId]);
    if (item === undefined) throw new VigieError('item-not-found');
    const own: Reached = { itemId, platform: item.platform, listId: null, entryId: null };
    let ordered = await this.#remove([own], { by, reason }, caseId);
    const of = { itemId, media, entries: matches, siblings: reach.siblings ?? false };
    for (let after = ''; ; ) {
      const portion = await reachedItems(db, of, after, PORTION);
      ordered += await this.#remove(portion, { by, reason }, caseId);
      after = portion.at(-1)?.itemId ?? after;
      if (portion.length < PORTION) return ordered;
    }
  }

  /**
   * Undoes an action and those on copies of its item: what waits is dropped, what was done is restored where the platform
   * can, else the author is told. The entry that it rests on is disputed unless told otherwise.
   * @throws VigieError `action-not-found`
   */
  async undoAction(
    id: string,
    { by, reason, dispute = true }: DecisionBy & { dispute?: boolean },
  ): Promise<Consequences> {
    const { database } = this.#options;
    const action = await findAction(database.db, id);
    if (action === undefined) throw new VigieError('action-not-found');
    const { item_id: itemId, list_id: listId, entry_id: entryId } = action;
    if (dispute && listId !== null && entryId !== null) await this.#options.dispute({ listId, entryId }, reason, by);
    const first = await this.#undoAll([action], { by, reason }, dispute);
    if (itemId === null || action.subject_kind !== 'item') return first;
    return sum(first, await this.#undoItem(itemId, { by, reason }, dispute));
  }

  /** Undoes everything that rests on an entry, which is disputed. */
  async undoEntry(entry: { readonly listId: string; readonly entryId: string }, by: DecisionBy): Promise<Consequences> {
    const { database, dispute } = this.#options;
    await dispute(entry, by.reason, by.by);
    let all: Consequences = { ordered: 0, dropped: 0 };
    for (let after = ''; ; ) {
      const portion = await actionsOfEntry(database.db, entry, after, PORTION);
      all = sum(all, await this.#undoAll(portion, by, true));
      after = portion.at(-1)?.id ?? after;
      if (portion.length < PORTION) return all;
    }
  }

  /** Undoes what was done to an item and to those that carry the same media. */
  async #undoItem(itemId: string, by: DecisionBy, disputed: boolean): Promise<Consequences> {
    const { db } = this.#options.database;
    let all = await this.#undoAll(await actionsOfItems(db, [itemId]), by, disputed);
    const media = await this.#media(itemId, await matchesOf(db, itemId));
    for (let after = ''; ; ) {
      const portion = await reachedItems(db, { itemId, media, entries: [], siblings: false }, after, PORTION);
      const copies = portion.map(({ itemId: copy }) => copy);
      all = sum(all, await this.#undoAll(await actionsOfItems(db, copies), by, disputed));
      after = portion.at(-1)?.itemId ?? after;
      if (portion.length < PORTION) return all;
    }
  }

  /** The media that are meant when nobody says which: those that matched; where none did, the only one. */
  async #media(itemId: string, matches: readonly { readonly medium: number }[]): Promise<readonly number[]> {
    if (matches.length > 0) return [...new Set(matches.map(({ medium }) => medium))];
    const copies = await this.#options.database.db
      .selectFrom('item_copy')
      .select('ordinal')
      .distinct()
      .where('item_id', '=', itemId)
      .execute();
    return copies.length === 1 ? copies.map(({ ordinal }) => ordinal) : [];
  }

  async #remove(items: readonly Reached[], by: DecisionBy, caseId: string | null): Promise<number> {
    if (items.length === 0) return 0;
    const { database, enforcer } = this.#options;
    return await database.transaction(async (tx) => {
      let ordered = 0;
      for (const { itemId, platform, listId, entryId } of items) {
        const action = await enforcer.writer.write(tx, {
          ...wanted('remove', { platform, kind: 'item', id: itemId }, by),
          ...{ itemId, caseId },
          entry: listId === null || entryId === null ? null : { listId, entryId },
        });
        if (action?.state === 'ordered') ordered++;
      }
      return ordered;
    });
  }

  async #undoAll(actions: readonly ActionRow[], by: DecisionBy, disputed: boolean): Promise<Consequences> {
    if (actions.length === 0) return { ordered: 0, dropped: 0 };
    return await this.#options.database.transaction(async (tx) => {
      let all: Consequences = { ordered: 0, dropped: 0 };
      for (const { id } of actions) all = sum(all, await this.#undo(tx, id, by, disputed));
      return all;
    });
  }

  async #undo(tx: Tx, id: string, { by, reason }: DecisionBy, disputed: boolean): Promise<Consequences> {
    const { record, enforcer } = this.#options;
    const nothing = { ordered: 0, dropped: 0 };
    const action = await findAction(tx, id);
    if (action === undefined || !isAct(action.act) || action.undoes !== null) return nothing;
    const undo = async () => {
      const refs = { by, entryDisputed: disputed && action.list_id !== null };
      await recordAction(record, tx, action, { kind: 'action.undone', actor: by, refs, payload: { reason } });
    };
    if (await this.#takeBack(tx, action)) {
      await undo();
      return { ...nothing, dropped: 1 };
    }
    const act = UNDONE_BY[action.act];
    // What is just being sent is undone behind it, in the order of its subject.
    const done = action.state === 'ordered' || (action.state === 'confirmed' && !action.dry_run);
    if (act === undefined || !done || (await isUndone(tx, id))) return nothing;
    const { platform, subject_kind: kind, subject_id: subject, item_id: itemId, verdict_id: verdictId } = action;
    const written = await enforcer.writer.write(tx, {
      ...wanted(act, { platform, kind, id: subject }, { by, reason }),
      ...{ itemId, verdictId, undoes: id, message: UNDONE, reason: 'undone' },
    });
    if (written === undefined) return nothing;
    await undo();
    return { ...nothing, ordered: 1 };
  }

  /** @returns whether it waited, and does no more */
  async #takeBack(tx: Tx, action: ActionRow): Promise<boolean> {
    const { id, state, effect_id: effect } = action;
    const waits = state === 'failed' || state === 'ordered';
    if (state !== 'proposed' && !waits) return false;
    if (waits && (effect === null || !(await giveUpEffect(tx, effect)))) return false;
    const dropped = await moveAction(tx, id, [state], { state: 'dropped', heldBy: null, outcome: 'undone' });
    if (dropped === undefined) return false;
    if (state === 'failed') await settleFailed(tx, action);
    await recordAction(this.#options.record, tx, dropped, { kind: 'action.dropped', refs: { reason: 'undone' } });
    return true;
  }
}

function wanted(
  act: Act,
  subject: { platform: string; kind: 'item' | 'account' | 'room'; id: string },
  by: DecisionBy,
) {
  return {
    ...{ act, subject, rule: RULE, policyVersion: null, reason: 'decided', message: null, needsPerson: false },
    ...{ itemId: null, verdictId: null, entry: null, cause: null, by: by.by },
    times: { seenAt: null, fetchedAt: null, verdictAt: null },
  };
}

const sum = (a: Consequences, b: Consequences): Consequences => ({
  ordered: a.ordered + b.ordered,
  dropped: a.dropped + b.dropped,
});
