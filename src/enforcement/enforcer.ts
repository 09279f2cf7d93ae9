import { VigieError } from '../errors.js';
import type { Evidence } from '../evidence/evidence.js';
import { type Cases, UNTOLD } from '../moderation/cases.js';
import type { Proposal } from '../policy/proposal.js';
import type { Database } from '../storage/database.js';
import {
  type ActionFilter,
  type ActionRow,
  findAction,
  listActions,
  moveAction,
  type ShownAction,
  showAction,
} from '../storage/enforcement/action-store.js';
import { noteMatches } from '../storage/enforcement/copies.js';
import { aboutAction, readFacts } from '../storage/enforcement/facts.js';
import type { Rates } from '../storage/enforcement/rates.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import type { Tx } from '../storage/schema.js';
import { ActionDelivery, type ActionDeliveryOptions, type DeliveryResult } from './action-delivery.js';
import { recordAction, sendOrder } from './action-orders.js';
import { TAKES_DOWN } from './action-plan.js';
import { ActionWriter } from './action-writer.js';
import type { Outcome } from './acts.js';
import { judge } from './hold.js';
import type { JudgedItem } from './judged-item.js';
import { subjectOf, wantedActs } from './proposed-acts.js';

/** For the author of what was removed, where the platform cannot bring it back. */
const NOT_BROUGHT_BACK =
  'Something of yours was taken down by mistake, and cannot be brought back. You may share it again.';

export interface EnforcerOptions extends Omit<ActionDeliveryOptions, 'cannotUndo' | 'preserve'> {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly record: RecordEvent;
  readonly cases: Cases;
  /** Without, what is to be preserved is only told in the case. */
  readonly evidence?: Evidence | undefined;
  /** Acts of rules in an hour above which the next waits for a person: for one platform, list or entry. */
  readonly holdAbove: Rates;
}

/** What came of a verdict. */
export interface Enforced {
  readonly actions: readonly ActionRow[];
  /** Blobs of the item that are evidence from now on: they must not be let go of. */
  readonly kept: readonly string[];
}

/** The one part that acts on platforms: what is proposed is written down here, and delivered from here. */
export class Enforcer {
  readonly writer: ActionWriter;
  readonly #options: EnforcerOptions;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    const { evidence } = options;
    this.writer = new ActionWriter(options);
    const delivery = new ActionDelivery({
      ...options,
      ...(evidence === undefined ? {} : { preserve: (item, signal) => evidence.sealNow(item, signal) }),
      cannotUndo: async (tx, action) => await this.#tellAuthor(tx, action),
    });
    options.outbox.register(delivery.kind());
  }

  /**
   * Writes down what follows from a verdict, in the transaction that stores it: what the item matched, the
   * acts with why they wait or are dropped, evidence that is wanted, and cases.
   */
  async enforce(tx: Tx, item: JudgedItem, proposals: readonly Proposal[]): Promise<Enforced> {
    const lists = await this.#note(tx, item);
    const caseId = await this.#openCase(tx, item, proposals);
    const kept = await this.#preserve(tx, item, proposals);
    const actions: ActionRow[] = [];
    for (const wanted of wantedActs(item, proposals, lists)) {
      const action = await this.writer.write(tx, { ...wanted, caseId });
      if (action !== undefined) actions.push(action);
    }
    for (const action of actions) if (action.state !== 'ordered') this.#options.ended?.(action, endOf(action));
    return { actions, kept };
  }

  async ls(filter: ActionFilter): Promise<readonly ShownAction[]> {
    return await listActions(this.#options.database.db, filter);
  }

  /** @throws VigieError `action-not-found` */
  async show(id: string): Promise<ShownAction> {
    const found = await showAction(this.#options.database.db, id);
    if (found === undefined) throw new VigieError('action-not-found');
    return found;
  }

  /**
   * Orders what waits for a person, who answers for it from here on.
   * @throws VigieError `action-not-found`, `action-not-waiting`, `enforcement-stopped`, `action-unwanted`
   */
  async approve(id: string, by: string, reason: string): Promise<ShownAction> {
    await this.#options.database.transaction(async (tx) => await this.approveIn(tx, id, by, reason));
    return await this.show(id);
  }

  /** As a part of a transaction. */
  async approveIn(tx: Tx, id: string, by: string, reason: string): Promise<ActionRow> {
    const { record, outbox } = this.#options;
    const before = await findAction(tx, id);
    if (before === undefined) throw new VigieError('action-not-found');
    const facts = await readFacts(tx, aboutAction(before));
    const judgement = judge(facts, { orderedBy: 'person', takesDown: TAKES_DOWN.has(before.act), when: 'write' });
    if (judgement.say === 'hold') throw new VigieError('enforcement-stopped');
    if (judgement.say === 'drop') throw new VigieError('action-unwanted', { detail: judgement.why });
    const already = judgement.say === 'already';
    const action = await moveAction(tx, id, ['proposed'], {
      state: already ? 'confirmed' : 'ordered',
      ...{ heldBy: null, outcome: already ? 'already' : null, orderedBy: by, effectId: null },
      dryRun: judgement.say === 'go' && judgement.dryRun,
    });
    if (action === undefined) throw new VigieError('action-not-waiting', { detail: before.state });
    const refs = { dryRun: action.dry_run };
    await recordAction(record, tx, action, { kind: 'action.approved', actor: by, refs, payload: { reason } });
    if (already) {
      const outcome = { outcome: 'already', milliseconds: null, dryRun: action.dry_run };
      await recordAction(record, tx, action, { kind: 'action.confirmed', actor: by, refs: outcome });
    } else await sendOrder(outbox, tx, action);
    return action;
  }

  /** A person does not want what was proposed. @throws VigieError `action-not-found`, `action-not-waiting` */
  async refuse(id: string, by: string, reason: string): Promise<ShownAction> {
    const { database, record } = this.#options;
    await database.transaction(async (tx) => {
      const before = await findAction(tx, id);
      if (before === undefined) throw new VigieError('action-not-found');
      const action = await moveAction(tx, id, ['proposed'], { state: 'refused', heldBy: null });
      if (action === undefined) throw new VigieError('action-not-waiting', { detail: before.state });
      await recordAction(record, tx, action, { kind: 'action.refused', actor: by, payload: { reason } });
    });
    return await this.show(id);
  }

  /**
   * Tries what has failed, or waits for its next attempt, now and with all its attempts again.
   * @throws VigieError `action-not-found`, `action-not-waiting`
   */
  async retry(id: string, by: string): Promise<ShownAction> {
    const effect = await this.#effectOf(id);
    await this.#options.outbox.retry(effect, by).catch(asActionError);
    return await this.show(id);
  }

  /** Gives up what has failed, or waits for its next attempt. @throws VigieError `action-not-found`, `action-not-waiting` */
  async giveUp(id: string, by: string, reason: string): Promise<ShownAction> {
    const effect = await this.#effectOf(id);
    await this.#options.outbox.giveUp(effect, by, reason).catch(asActionError);
    return await this.show(id);
  }

  /**
   * The platform tells what became of an order that it had taken.
   * @throws VigieError `action-not-found`, `act-not-awaited`
   */
  async confirm(id: string, told: Outcome | 'refused'): Promise<ShownAction> {
    const { state, effect_id: effect, dry_run: dryRun, outcome } = await this.show(id);
    if (state === 'confirmed' && outcome === told) return await this.show(id);
    if (effect === null || dryRun) throw new VigieError('act-not-awaited', { detail: state });
    const ending =
      told === 'refused'
        ? ({ state: 'exhausted', error: 'act-refused' } as const)
        : ({ state: 'delivered', result: { say: 'done', outcome: told, dryRun } satisfies DeliveryResult } as const);
    await this.#options.outbox.conclude(effect, ending).catch((thrown: unknown) => {
      const { code } = VigieError.from(thrown);
      if (code !== 'effect-not-waiting' && code !== 'effect-not-found') throw thrown;
      throw new VigieError('act-not-awaited', { detail: state });
    });
    return await this.show(id);
  }

  async #effectOf(id: string): Promise<string> {
    const { state, effect_id: effect } = await this.show(id);
    if (effect === null || (state !== 'failed' && state !== 'ordered')) {
      throw new VigieError('action-not-waiting', { detail: state });
    }
    return effect;
  }

  /** @returns ids of the lists of all matches, by their names */
  async #note(tx: Tx, { id, media }: JudgedItem): Promise<ReadonlyMap<string, string>> {
    const names = [...new Set(media.flatMap(({ matches }) => matches.map(({ list }) => list)))];
    const rows =
      names.length === 0 ? [] : await tx.selectFrom('list').select(['id', 'name']).where('name', 'in', names).execute();
    const lists = new Map(rows.map((row) => [row.name, row.id]));
    const matches = media.flatMap(({ ordinal, matches: found }) =>
      found.flatMap(({ list, entry }) => {
        const listId = lists.get(list);
        return listId === undefined ? [] : [{ medium: ordinal, listId, entryId: entry }];
      }),
    );
    await noteMatches(tx, id, matches);
    return lists;
  }

  async #openCase(tx: Tx, item: JudgedItem, proposals: readonly Proposal[]): Promise<string | null> {
    let own: string | null = null;
    for (const proposal of proposals) {
      const { act, reason } = proposal;
      const subject = subjectOf(item, proposal);
      if ((act !== 'open-case' && act !== 'report') || subject === undefined) continue;
      const priority = proposal.priority ?? (act === 'report' ? 80 : 50);
      const wanted = { subject, cause: reason, priority, itemId: item.id, verdictId: item.verdictId, by: 'policy' };
      const { cases } = this.#options;
      const id = reason === UNTOLD ? await cases.openUntold(tx, wanted) : await cases.open(tx, wanted);
      if (subject.kind === 'item') own = id ?? own;
    }
    return own;
  }

  async #preserve(tx: Tx, { id, media }: JudgedItem, proposals: readonly Proposal[]): Promise<readonly string[]> {
    const { evidence } = this.#options;
    if (evidence === undefined || !proposals.some(({ act }) => act === 'preserve')) return [];
    const files = media.filter(({ ordinal }) => ordinal >= 0);
    const matched = files.filter(({ matches }) => matches.length > 0);
    const wanted = matched.length > 0 ? matched : files;
    await evidence.want(tx, id, wanted);
    return wanted.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
  }

  /** The platform cannot bring back what was taken: its author is told instead. */
  async #tellAuthor(tx: Tx, action: ActionRow): Promise<void> {
    const { platform, item_id: itemId, verdict_id: verdictId, ordered_by: by } = action;
    await this.writer.write(tx, {
      act: 'notify-author',
      subject: { platform, kind: action.subject_kind, id: action.subject_id },
      ...{ itemId, verdictId, entry: null, rule: action.rule, policyVersion: null },
      ...{ reason: action.reason, message: NOT_BROUGHT_BACK, needsPerson: false, cause: action.cause },
      times: { seenAt: null, fetchedAt: null, verdictAt: null },
      by: by === 'policy' ? null : by,
    });
  }
}

/** How the figures call what did not leave. */
function endOf({ state, dry_run: dryRun }: ActionRow): string {
  if (state === 'proposed') return 'held';
  return state === 'confirmed' ? (dryRun ? 'dry-run' : 'already') : 'dropped';
}

function asActionError(thrown: unknown): never {
  const error = VigieError.from(thrown);
  if (error.code === 'effect-not-waiting' || error.code === 'effect-not-found') {
    throw new VigieError('action-not-waiting', error.detail === undefined ? {} : { detail: error.detail });
  }
  throw thrown;
}
