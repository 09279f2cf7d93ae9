import { z } from 'zod';
import { VigieError } from '../errors.js';
import { raiseAttention, settleAttention } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import { type ActionRow, actionOfEffect, findAction, moveAction } from '../storage/enforcement/action-store.js';
import { aboutAction, readFacts } from '../storage/enforcement/facts.js';
import { isUndone } from '../storage/enforcement/undoing.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Delivery, EffectEnding, EffectKind } from '../storage/outbox/effect-kind.js';
import type { Db, Tx } from '../storage/schema.js';
import { ACTION_EFFECT, receiverOfPlatform, recordAction } from './action-orders.js';
import { ACTION_PLAN, isAct, TAKES, TAKES_DOWN } from './action-plan.js';
import type { Order, Outcome } from './acts.js';
import { HOLDS, type Hold, type Judgement, judge } from './hold.js';
import { readTarget, type TargetOptions } from './target.js';

/** Carries an order out on a platform that this process holds the connection to. @throws as `Platform.act` */
export type ActOnPlatform = (platform: string, order: Order, signal: AbortSignal) => Promise<Outcome>;

export interface ActionDeliveryOptions extends TargetOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly act: ActOnPlatform;
  /** Names of the platforms that this process holds the connection to. */
  readonly held: () => readonly string[];
  /** Seals the bytes of an item before it is taken down, as far as that can be done in time. Never rejects for trouble of its own. */
  readonly preserve?: ((itemId: string, signal: AbortSignal) => Promise<void>) | undefined;
  /** Told when an action has come to an end here, for the figures. */
  readonly ended?: (action: ActionRow, end: string) => void;
  /** An act that was to undo another is not known to the platform. Part of the transaction. */
  readonly cannotUndo: (tx: Tx, action: ActionRow) => Promise<void>;
  /** Milliseconds that one attempt may take. */
  readonly timeLimit?: number;
  /** Milliseconds; of `ACTION_PLAN` for tests. */
  readonly plan?: EffectKind['plan'];
}

const payloadSchema = z.object({ action: z.string() }).strict();
type Payload = z.infer<typeof payloadSchema>;

/** What one attempt came to, when it was no error. */
export type DeliveryResult =
  | { readonly say: 'done'; readonly outcome: Outcome; readonly dryRun: boolean }
  /** It was kept back right before it was sent. */
  | { readonly say: 'dropped'; readonly why: string }
  | { readonly say: 'cannot-undo' };

const NOT_ORDERED = 'not-ordered';
const WITHDRAWN: readonly string[] = ['entry-withdrawn', 'entry-disputed'];

/** Orders on their way to their platforms: everything is checked again right before, and what became of it is written down. */
export class ActionDelivery {
  readonly #options: ActionDeliveryOptions;

  constructor(options: ActionDeliveryOptions) {
    this.#options = options;
  }

  /** The kind of effect, for the outbox. */
  kind(): EffectKind<Payload> {
    const { timeLimit = 30_000, plan = ACTION_PLAN } = this.#options;
    return {
      kind: ACTION_EFFECT,
      schema: payloadSchema,
      timeLimit,
      plan,
      ownAttention: true,
      receivers: () => this.#options.held().map(receiverOfPlatform),
      check: (db, payload) => this.#check(db, payload),
      deliver: (payload, delivery) => this.#deliver(payload, delivery),
      ended: (tx, effect, ending) => this.#ended(tx, effect, ending),
    };
  }

  async #check(db: Db, { action: id }: Payload): Promise<'go' | { readonly drop: string }> {
    const action = await findAction(db, id);
    if (action?.state !== 'ordered') return { drop: NOT_ORDERED };
    // It is being written down, in the transaction that has just looked at everything.
    if (action.effect_id === null) return 'go';
    // What was undone while it was being sent, and failed, is not sent again.
    if (action.undoes === null && (await isUndone(db, id))) return { drop: 'undone' };
    const judgement = await this.#judge(db, action);
    return judgement.say === 'go' ? 'go' : { drop: reasonOf(judgement) };
  }

  async #judge(db: Db, action: ActionRow): Promise<Judgement> {
    const facts = await readFacts(db, aboutAction(action));
    const orderedBy = action.ordered_by === 'policy' ? 'policy' : 'person';
    return judge(facts, { orderedBy, takesDown: TAKES_DOWN.has(action.act), when: 'delivery' });
  }

  async #deliver({ action: id }: Payload, { signal }: Delivery): Promise<DeliveryResult> {
    const { database, preserve, act } = this.#options;
    const action = await findAction(database.db, id);
    if (action === undefined || !isAct(action.act)) throw new VigieError('effect-unknown', { detail: ACTION_EFFECT });
    if (TAKES.has(action.act) && action.item_id !== null && !action.dry_run) {
      await preserve?.(action.item_id, signal);
      signal.throwIfAborted();
    }
    const target = await readTarget(database.db, action, this.#options);
    if (target === undefined) return { say: 'dropped', why: 'target-gone' };
    // Sealing may have taken a while: the last look is the one right before the act.
    const judgement = await this.#judge(database.db, action);
    if (judgement.say !== 'go') return { say: 'dropped', why: reasonOf(judgement) };
    if ((await findAction(database.db, id))?.state !== 'ordered') return { say: 'dropped', why: 'undone' };
    if (action.dry_run || judgement.dryRun) return { say: 'done', outcome: 'done', dryRun: true };
    const order: Order = { id, act: action.act, target, message: action.message };
    try {
      return { say: 'done', outcome: await act(action.platform, order, signal), dryRun: false };
    } catch (error) {
      const unsupported = error instanceof VigieError && error.code === 'act-unsupported';
      if (unsupported && action.undoes !== null) return { say: 'cannot-undo' };
      throw error;
    }
  }

  async #ended(tx: Tx, effect: string, ending: EffectEnding): Promise<void> {
    const action = await actionOfEffect(tx, effect);
    if (action === undefined) return;
    if (ending.state === 'delivered') return await this.#result(tx, action, ending.result as DeliveryResult);
    if (ending.state === 'exhausted') return await this.#failed(tx, action, ending.error);
    if (ending.state === 'dropped') return await this.#dropped(tx, action, ending.error);
    const { record } = this.#options;
    const from = ['failed', 'ordered'] as const;
    if (ending.state === 'retried') {
      const moved = await moveAction(tx, action.id, from, { state: 'ordered', outcome: null });
      if (moved) await recordAction(record, tx, moved, { kind: 'action.retried', actor: ending.by });
    } else if (ending.state === 'given-up') {
      const { by, reason } = ending;
      const moved = await moveAction(tx, action.id, from, { state: 'given-up' });
      if (moved) await recordAction(record, tx, moved, { kind: 'action.given-up', actor: by, payload: { reason } });
    }
    await settleFailed(tx, action);
  }

  async #result(tx: Tx, action: ActionRow, result: DeliveryResult): Promise<void> {
    if (result.say === 'done') {
      await this.#confirmed(tx, action, result.outcome, result.dryRun);
    } else if (result.say === 'cannot-undo') {
      await this.#dropped(tx, action, 'act-unsupported');
      await this.#options.cannotUndo(tx, action);
    } else {
      await this.#dropped(tx, action, result.why);
    }
  }

  async #confirmed(tx: Tx, action: ActionRow, outcome: Outcome, dryRun: boolean): Promise<void> {
    const { record, ended } = this.#options;
    const moved = await moveAction(tx, action.id, ['ordered', 'failed'], { state: 'confirmed', outcome, dryRun });
    if (moved === undefined) return;
    // It may have been given up too early, and the platform says after all that it is done.
    if (action.state === 'failed') await settleFailed(tx, action);
    const from = moved.seen_at ?? moved.proposed_at;
    const milliseconds = moved.ended_at === null ? null : moved.ended_at.getTime() - from.getTime();
    await recordAction(record, tx, moved, { kind: 'action.confirmed', refs: { outcome, milliseconds, dryRun } });
    ended?.(moved, dryRun ? 'dry-run' : outcome === 'already' ? 'already' : 'confirmed');
  }

  /** Kept back, or not wanted any more. */
  async #dropped(tx: Tx, action: ActionRow, why: string): Promise<void> {
    const { record, ended } = this.#options;
    if (why === NOT_ORDERED) return;
    if (why === 'already') return await this.#confirmed(tx, action, 'already', action.dry_run);
    if (isHold(why)) {
      const held = await moveAction(tx, action.id, ['ordered'], { state: 'proposed', heldBy: why, effectId: null });
      if (held === undefined) return;
      await recordAction(record, tx, held, { kind: 'action.held', refs: { heldBy: why } });
      ended?.(held, 'held');
      return;
    }
    const dropped = await moveAction(tx, action.id, ['ordered'], { state: 'dropped', outcome: why });
    if (dropped === undefined) return;
    await recordAction(record, tx, dropped, { kind: 'action.dropped', refs: { reason: why } });
    ended?.(dropped, 'dropped');
    const { list_id: list, entry_id: entry, platform } = dropped;
    if (!WITHDRAWN.includes(why) || list === null) return;
    await raiseAttention(tx, {
      ...{ kind: 'action-dropped', cause: `${list} ${entry}`, subject: `list:${list}` },
      detail: { list, entry, platform, why },
    });
  }

  async #failed(tx: Tx, action: ActionRow, error: string): Promise<void> {
    const { record, ended } = this.#options;
    const failed = await moveAction(tx, action.id, ['ordered'], { state: 'failed', outcome: error });
    if (failed === undefined) return;
    const { platform, act } = failed;
    await recordAction(record, tx, failed, { kind: 'action.failed', refs: { error } });
    ended?.(failed, 'failed');
    await raiseAttention(tx, {
      ...{ kind: 'action-failed', cause: `${platform} ${error}`, subject: `platform:${platform}` },
      detail: { action: failed.id, platform, act, error },
    });
  }
}

/**
 * The attention of what failed for one cause is settled when nothing more has failed for it.
 * @param action as it was when it had failed
 */
export async function settleFailed(tx: Tx, { platform, outcome }: ActionRow): Promise<void> {
  if (outcome === null) return;
  const more = await tx
    .selectFrom('action')
    .select('id')
    .where('state', '=', 'failed')
    .where('platform', '=', platform)
    .where('outcome', '=', outcome)
    .limit(1)
    .executeTakeFirst();
  if (more !== undefined) return;
  await settleAttention(tx, { kind: 'action-failed', cause: `${platform} ${outcome}` }, 'service');
}

/** In one word why an act is not done. */
function reasonOf(judgement: Exclude<Judgement, { readonly say: 'go' }>): string {
  if (judgement.say === 'already') return 'already';
  return judgement.say === 'hold' ? judgement.by : judgement.why;
}

function isHold(text: string): text is Hold {
  return (HOLDS as readonly string[]).includes(text);
}
