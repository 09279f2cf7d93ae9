import type { Logger } from 'pino';
import { VigieError } from '../../errors.js';
import { every } from '../../runtime/every.js';
import { advisoryLockOf, notify } from '../advisory-lock.js';
import { raiseAttention, settleAttention } from '../attention/raise-attention.js';
import type { Database } from '../database.js';
import type { RecordEvent } from '../events/event-kinds.js';
import type { Keyring } from '../keyring.js';
import { randomId } from '../random-id.js';
import type { OutboxState, Tx } from '../schema.js';
import { seal, unseal } from '../seal.js';
import { Dispatcher, type DispatcherLimits } from './dispatcher.js';
import type { Conclusion, EffectEnding, EffectKind } from './effect-kind.js';
import {
  anyExhausted,
  concludeEffect,
  countEffects,
  type Effect,
  exhaustStranded,
  findEffect,
  forgetFinished,
  giveUpEffect,
  insertEffect,
  type LeasedEffect,
  listEffects,
  makeDue,
  receiverOf,
} from './outbox-store.js';
import { RETRY_PLAN, type RetryPlan } from './retry-plan.js';

/** The NOTIFY channel that hints at new effects. */
export const OUTBOX_CHANNEL = 'vigie_outbox';

const PURPOSE = 'outbox';
const MINUTE = 60_000;
const STRANDED_MS = 60 * MINUTE;

export interface EffectDraft {
  readonly kind: string;
  /**
   * What the order is kept of: the effects of one subject go one by one. The part before the first slash names who
   * receives it: a receiver that fails is one attention, and does not take the places of the others.
   */
  readonly subject: string;
  /** What is the same effect has the same key: it is written once, and the receiver does it once. */
  readonly idempotencyKey: string;
  readonly payload: unknown;
  /** Id of the event that it follows from. */
  readonly cause?: string;
}

export interface OutboxOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly record: RecordEvent;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** Name of this process, for the leases. */
  readonly node: string;
  readonly plan?: Partial<RetryPlan>;
  readonly limits?: Partial<DispatcherLimits>;
  /** How long finished effects, and with them their idempotency keys, are remembered; 30 days when left out. */
  readonly keepMs?: number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * Everything that leaves the house, as rows that are written in the transaction of their cause. Delivered at least once,
 * in order within a subject, over hours; what cannot be delivered becomes an attention.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #plan: RetryPlan;
  readonly #kinds = new Map<string, EffectKind>();
  readonly #dispatcher: Dispatcher;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#plan = { ...RETRY_PLAN, ...options.plan };
    this.#dispatcher = new Dispatcher({
      ...options,
      plan: this.#plan,
      kinds: this.#kinds,
      open: (effect) => this.#open(effect),
      ended: (tx, effect, ending) => this.#ended(tx, effect, ending),
    });
  }

  /** Makes a kind of effect known; before `start`. */
  register(kind: EffectKind): void {
    this.#kinds.set(kind.kind, kind);
  }

  /**
   * Writes an effect as a part of the transaction. It is delivered after the commit, here or on another node.
   * Transactions that write effects of several subjects should do it in the order of the subjects' names: each subject
   * is locked until the commit, so that its order is the order of commits.
   * @returns its id; undefined when an effect with this key was written before
   * @throws VigieError `effect-unknown`; `internal` for a payload that is not of its kind
   */
  async enqueue(tx: Tx, draft: EffectDraft): Promise<string | undefined> {
    const kind = this.#kinds.get(draft.kind);
    if (kind === undefined) throw new VigieError('effect-unknown', { detail: draft.kind });
    const payload = kind.schema.safeParse(draft.payload);
    if (!payload.success) {
      const fields = payload.error.issues.slice(0, 3).map(({ path, code }) => `${path.join('.')}: ${code}`);
      throw new VigieError('internal', { detail: `payload of ${draft.kind}, ${fields.join(', ')}` });
    }
    const { database, keyring, record } = this.#options;
    const verdict = (await kind.check?.(tx, payload.data)) ?? 'go';
    const id = randomId();
    const { subject, idempotencyKey, cause = null } = draft;
    const sealed = seal(keyring, Buffer.from(JSON.stringify(payload.data)), { purpose: PURPOSE, aad: id });
    // The embedded database runs one transaction at a time.
    if (database.dialect === 'server') await advisoryLockOf(tx, `outbox ${subject}`);
    const dropped = verdict === 'go' ? undefined : verdict.drop;
    if (!(await insertEffect(tx, { id, kind: kind.kind, subject, idempotencyKey, sealed, cause, dropped })))
      return undefined;
    if (dropped === undefined) await notify(tx, OUTBOX_CHANNEL, '');
    else {
      await record(tx, {
        kind: 'effect.dropped',
        actor: 'service',
        subject: `effect:${id}`,
        refs: { effect: id, kind: kind.kind, reason: dropped },
      });
      await kind.ended?.(tx, id, { state: 'dropped', error: dropped });
    }
    return id;
  }

  /** Begins to deliver. @throws VigieError of the database */
  async start(): Promise<void> {
    const { database, logger } = this.#options;
    this.#stops.push(await database.listen(OUTBOX_CHANNEL, () => this.nudge()));
    this.#dispatcher.start();
    const failed = (error: unknown) => logger.warn({ code: VigieError.from(error).code }, 'the outbox was not swept');
    this.#stops.push(every(MINUTE, () => this.sweep(), failed));
  }

  /** Something may be due. */
  nudge(): void {
    this.#dispatcher.nudge();
  }

  /** Takes nothing more, waits for what is in flight, and gives back what does not end in time. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
    await Promise.allSettled(this.#stops.splice(0).map((stop) => stop()));
  }

  /** Effects of a state, never what they carry. */
  async ls(state: OutboxState | 'waiting', limit: number): Promise<readonly Effect[]> {
    return await listEffects(this.#options.database.db, state, limit);
  }

  async counts(): Promise<{ readonly pending: number; readonly exhausted: number }> {
    return await countEffects(this.#options.database.db);
  }

  /**
   * Tries a waiting or exhausted effect now, with all its attempts again.
   * @param by id of the principal
   * @throws VigieError `effect-not-found`, `effect-not-waiting`
   */
  async retry(id: string, by: string): Promise<Effect> {
    const effect = await this.#change(id, async (tx, { kind }) => {
      if (!(await makeDue(tx, id))) return false;
      await this.#options.record(tx, {
        kind: 'effect.retried',
        actor: by,
        subject: `effect:${id}`,
        refs: { effect: id, kind },
      });
      await this.#kinds.get(kind)?.ended?.(tx, id, { state: 'retried', by });
      await notify(tx, OUTBOX_CHANNEL, '');
      return true;
    });
    return effect;
  }

  /**
   * Gives a waiting or exhausted effect up for good; those behind it go on.
   * @throws VigieError `effect-not-found`, `effect-not-waiting`
   */
  async giveUp(id: string, by: string, reason: string): Promise<Effect> {
    return await this.#change(id, async (tx, effect) => {
      if (!(await giveUpEffect(tx, id))) return false;
      await this.#options.record(tx, {
        kind: 'effect.given-up',
        actor: by,
        subject: `effect:${id}`,
        refs: { effect: id, kind: effect.kind },
        payload: { reason },
      });
      await this.#ended(tx, effect, { state: 'given-up', by, reason });
      await notify(tx, OUTBOX_CHANNEL, '');
      return true;
    });
  }

  /**
   * Ends an effect of which its receiver has told by itself, as if its delivery had ended so; those behind it go on.
   * @throws VigieError `effect-not-found`; `effect-not-waiting` when it was never tried, or has ended so already
   */
  async conclude(id: string, ending: Conclusion): Promise<void> {
    await this.#change(id, async (tx, effect) => {
      if (!(await concludeEffect(tx, id, ending))) return false;
      await this.#ended(tx, effect, ending);
      await notify(tx, OUTBOX_CHANNEL, '');
      return true;
    });
  }

  /** Forgets what was finished long ago, and brings up what nobody here can deliver. Runs by itself after `start`. */
  async sweep(): Promise<void> {
    const { database, keepMs = 30 * 24 * 60 * MINUTE } = this.#options;
    await forgetFinished(database.db, keepMs);
    await database.transaction(async (tx) => {
      for (const stranded of await exhaustStranded(tx, [...this.#kinds.keys()], STRANDED_MS)) {
        await this.#ended(tx, stranded, { state: 'exhausted', error: 'effect-unknown' });
      }
    });
  }

  async #change(id: string, act: (tx: Tx, effect: Effect) => Promise<boolean>): Promise<Effect> {
    return await this.#options.database.transaction(async (tx) => {
      const before = await findEffect(tx, id);
      if (before === undefined) throw new VigieError('effect-not-found');
      if (!(await act(tx, before))) throw new VigieError('effect-not-waiting', { detail: before.state });
      return (await findEffect(tx, id)) ?? before;
    });
  }

  async #open({
    id,
    kind: name,
    sealed,
  }: LeasedEffect): Promise<{ readonly kind: EffectKind; readonly payload: unknown }> {
    const kind = this.#kinds.get(name);
    if (kind === undefined) throw new VigieError('effect-unknown', { detail: name });
    const text = Buffer.from(unseal(this.#options.keyring, sealed, { purpose: PURPOSE, aad: id })).toString();
    const payload = kind.schema.safeParse(JSON.parse(text));
    // Written by another version, whose payloads are not ours.
    if (!payload.success) throw new VigieError('effect-unknown', { detail: `${name}: another shape` });
    return { kind, payload: payload.data };
  }

  async #ended(
    tx: Tx,
    effect: Pick<LeasedEffect, 'id' | 'kind' | 'subject' | 'attempts'>,
    ending: EffectEnding,
  ): Promise<void> {
    await this.#kinds.get(effect.kind)?.ended?.(tx, effect.id, ending);
    if (ending.state === 'exhausted') await this.#exhausted(tx, effect, ending.error);
    else await this.#settle(tx, effect);
  }

  /** Once its row says so: an event, and something for somebody to do. */
  async #exhausted(
    tx: Tx,
    effect: Pick<LeasedEffect, 'id' | 'kind' | 'subject' | 'attempts'>,
    error: string,
  ): Promise<void> {
    const { id, kind, subject, attempts } = effect;
    await this.#options.record(tx, {
      kind: 'effect.exhausted',
      actor: 'service',
      subject: `effect:${id}`,
      refs: { effect: id, kind, attempts, error },
    });
    if (this.#kinds.get(kind)?.ownAttention === true) return;
    const receiver = receiverOf(subject);
    await raiseAttention(tx, {
      ...{ kind: 'effect-exhausted', cause: `${kind} ${receiver}`, subject: receiver },
      detail: { effect: id, kind, receiver, error, attempts },
    });
  }

  /** The attention of a receiver is settled when nothing for it is exhausted any more. */
  async #settle(tx: Tx, { kind, subject }: { readonly kind: string; readonly subject: string }): Promise<void> {
    const receiver = receiverOf(subject);
    const cause = `${kind} ${receiver}`;
    // Locked before looking: what is just being exhausted is either seen, or raises a new attention afterwards.
    const open = await tx
      .selectFrom('attention')
      .select('id')
      .where('kind', '=', 'effect-exhausted')
      .where('cause', '=', cause)
      .where('state', '<>', 'resolved')
      .forUpdate()
      .executeTakeFirst();
    if (open === undefined || (await anyExhausted(tx, kind, receiver))) return;
    await settleAttention(tx, { kind: 'effect-exhausted', cause }, 'service');
  }
}
