import {
  type ActionRow,
  insertAction,
  latestAction,
  moveAction,
  type Subject,
} from '../storage/enforcement/action-store.js';
import { readFacts } from '../storage/enforcement/facts.js';
import { type Rates, readRates } from '../storage/enforcement/rates.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import type { Tx } from '../storage/schema.js';
import { recordAction, sendOrder } from './action-orders.js';
import { TAKES, TAKES_DOWN, TELLS } from './action-plan.js';
import type { Act } from './acts.js';
import { type Hold, judge } from './hold.js';

export interface ActionWriterOptions {
  readonly outbox: Outbox;
  readonly record: RecordEvent;
  /** Acts of rules in an hour; what is above waits for a person. */
  readonly holdAbove: Rates;
}

/** One act that a rule or a person wants. */
export interface WantedAct {
  readonly act: Act;
  readonly subject: Subject;
  readonly itemId: string | null;
  readonly verdictId: string | null;
  readonly caseId?: string | null;
  readonly entry: { readonly listId: string; readonly entryId: string } | null;
  readonly rule: string;
  readonly policyVersion: number | null;
  readonly reason: string;
  readonly message: string | null;
  readonly needsPerson: boolean;
  readonly undoes?: string | null;
  readonly cause: string | null;
  readonly times: { readonly seenAt: Date | null; readonly fetchedAt: Date | null; readonly verdictAt: Date | null };
  /** Id of the person who answers for it; null for what a rule wants. */
  readonly by: string | null;
}

type Before = Awaited<ReturnType<typeof latestAction>>;

/** Writes acts down: ordered, waiting for a person, or dropped, as everything stands in this transaction. */
export class ActionWriter {
  readonly #options: ActionWriterOptions;

  constructor(options: ActionWriterOptions) {
    this.#options = options;
  }

  /**
   * Writes one act, once: what was written before for the same subject is left as it is, unless it was undone or did not
   * come to anything.
   * @returns the action; undefined when there is nothing new, or no such platform
   */
  async write(tx: Tx, wanted: WantedAct): Promise<ActionRow | undefined> {
    const before = await latestAction(tx, wanted.act, wanted.subject);
    const again = before === undefined ? 'first' : whatAgain(before, wanted);
    if (again === 'nothing') return undefined;
    const { listId = null, entryId = null } = wanted.entry ?? {};
    const { subject, itemId } = wanted;
    const facts = await readFacts(tx, { subject, itemId, listId, entryId });
    if (facts.dryRun === null) return undefined;
    // A rehearsal does not stand in the way of the act itself, and is not rehearsed twice.
    if (again === 'rehearsed' && facts.dryRun) return undefined;
    if (again === 'superseded' && before !== undefined) await this.#supersede(tx, before);
    const orderedBy = wanted.by === null ? 'policy' : 'person';
    const judgement = judge(facts, { orderedBy, takesDown: TAKES_DOWN.has(wanted.act), when: 'write' });
    const held = await this.#held(tx, wanted, again, judgement);
    const state = stateOf(judgement.say, held);
    const action = await insertAction(tx, {
      ...wanted,
      ...{ listId, entryId, state, round: (before?.round ?? 0) + 1, dryRun: facts.dryRun },
      ...{ caseId: wanted.caseId ?? null, undoes: wanted.undoes ?? null, ...wanted.times },
      heldBy: held ?? null,
      outcome: judgement.say === 'drop' ? judgement.why : state === 'confirmed' ? 'already' : null,
      orderedBy: state === 'ordered' || state === 'confirmed' ? (wanted.by ?? 'policy') : null,
    });
    if (action === undefined) return undefined;
    await this.#record(tx, action, wanted);
    if (action.state === 'ordered') await sendOrder(this.#options.outbox, tx, action);
    return action;
  }

  async #held(
    tx: Tx,
    wanted: WantedAct,
    again: ReturnType<typeof whatAgain> | 'first',
    judgement: ReturnType<typeof judge>,
  ): Promise<Hold | undefined> {
    if (judgement.say === 'drop' || judgement.say === 'already') return undefined;
    if (wanted.by === null) {
      if (wanted.needsPerson) return 'person';
      if (again === 'undone' || again === 'refused') return again;
    }
    if (judgement.say === 'hold') return judgement.by;
    if (wanted.by !== null || !TAKES.has(wanted.act)) return undefined;
    const { holdAbove } = this.#options;
    const of = { listId: null, entryId: null, ...wanted.entry, platform: wanted.subject.platform };
    const { platform, list, entry } = await readRates(tx, of, holdAbove);
    const over = platform >= holdAbove.platform || list >= holdAbove.list || entry >= holdAbove.entry;
    return over ? 'rate' : undefined;
  }

  async #supersede(tx: Tx, before: ActionRow): Promise<void> {
    const dropped = await moveAction(tx, before.id, ['proposed'], { state: 'dropped', outcome: 'superseded' });
    if (dropped === undefined) return;
    await recordAction(this.#options.record, tx, dropped, { kind: 'action.dropped', refs: { reason: 'superseded' } });
  }

  async #record(tx: Tx, action: ActionRow, { entry, verdictId, by }: WantedAct): Promise<void> {
    const { record } = this.#options;
    const { platform, rule, policy_version: policyVersion, reason, held_by: heldBy, dry_run: dryRun, state } = action;
    const actor = by === null ? {} : { actor: by };
    const payload = { list: entry?.listId ?? null, entry: entry?.entryId ?? null };
    const refs = { platform, rule, policyVersion, reason, verdict: verdictId };
    if (state === 'ordered') {
      const draft = { kind: 'action.ordered', ...actor, refs: { ...refs, dryRun }, payload } as const;
      await recordAction(record, tx, action, draft);
      return;
    }
    await recordAction(record, tx, action, { kind: 'action.proposed', ...actor, refs: { ...refs, heldBy }, payload });
    if (state === 'dropped') {
      await recordAction(record, tx, action, { kind: 'action.dropped', ...actor, refs: { reason: action.outcome } });
    } else if (state === 'confirmed') {
      const outcome = { outcome: 'already', milliseconds: null, dryRun };
      await recordAction(record, tx, action, { kind: 'action.confirmed', ...actor, refs: outcome });
    }
  }
}

function stateOf(say: ReturnType<typeof judge>['say'], held: Hold | undefined) {
  if (say === 'drop') return 'dropped' as const;
  if (say === 'already') return 'confirmed' as const;
  return held === undefined ? ('ordered' as const) : ('proposed' as const);
}

/** What an act means when there was the same before. */
function whatAgain(before: NonNullable<Before>, wanted: WantedAct) {
  if (TELLS.has(wanted.act)) {
    return before.verdict_id === wanted.verdictId && before.reason === wanted.reason ? 'nothing' : 'again';
  }
  if (wanted.undoes != null) return before.undoes === wanted.undoes ? 'nothing' : 'again';
  if (before.undone) return 'undone';
  const { state } = before;
  if (state === 'dropped') return 'again';
  if (state === 'proposed') {
    const surer = wanted.by !== null || (before.held_by === 'person' && !wanted.needsPerson);
    return surer ? 'superseded' : 'nothing';
  }
  if (state === 'confirmed') return before.dry_run ? 'rehearsed' : 'nothing';
  if (state === 'given-up' || state === 'refused') {
    const same = before.list_id === wanted.entry?.listId && before.entry_id === wanted.entry?.entryId;
    return wanted.by === null && same ? 'nothing' : 'refused';
  }
  return 'nothing';
}
