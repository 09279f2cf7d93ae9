import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import type { Database } from '../database.js';
import type { RecordEvent } from '../events/event-kinds.js';
import { randomId } from '../random-id.js';
import type { Tx } from '../schema.js';
import type { EffectEnding, EffectKind } from './effect-kind.js';
import { type Claim, claimEffects, type Ending, endLease, type LeasedEffect, receiverOf } from './outbox-store.js';
import { nextWait, type RetryPlan } from './retry-plan.js';

/** Times in milliseconds. */
export interface DispatcherLimits {
  /** Deliveries at once. */
  readonly places: number;
  /** Places that one receiver takes, and up to twice as many for a moment. */
  readonly placesOfOne: number;
  /** Without a hint, so long until the next look. */
  readonly poll: number;
  /** Must be longer than any attempt may take: 45 s. */
  readonly lease: number;
  /** When the service ends, what is in flight may take so long. */
  readonly drain: number;
}

const LIMITS: DispatcherLimits = { places: 16, placesOfOne: 4, poll: 1_000, lease: 60_000, drain: 12_000 };
const TIME_LIMIT = 30_000;
const LONGEST_TIME_LIMIT = 45_000;
const DATABASE_PAUSE = 500;

export interface DispatcherOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly node: string;
  readonly plan: RetryPlan;
  readonly limits?: Partial<DispatcherLimits>;
  readonly random?: () => number;
  readonly kinds: ReadonlyMap<string, EffectKind>;
  /** Reads what an effect carries. */
  readonly open: (effect: LeasedEffect) => Promise<{ readonly kind: EffectKind; readonly payload: unknown }>;
  /** Part of the transaction that writes it down. */
  readonly ended: (tx: Tx, effect: LeasedEffect, ending: EffectEnding) => Promise<void>;
}

/** Takes due effects under leases and carries them out, several at once. Any number of processes may do so. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #limits: DispatcherLimits;
  /** Deliveries under way, by lease and effect. */
  readonly #flights = new Map<string, { readonly receiver: string; readonly ended: Promise<void> }>();
  /** Nothing more is taken. */
  readonly #closing = new AbortController();
  /** What is in flight is cut off. */
  readonly #cut = new AbortController();
  #wake: () => void = () => undefined;
  #hinted = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something may be due. */
  nudge(): void {
    this.#hinted = true;
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closing.abort(new VigieError('shutting-down'));
    this.#wake();
    await this.#running;
    const late = setTimeout(() => this.#cut.abort(new VigieError('shutting-down')), this.#limits.drain);
    await Promise.all([...this.#flights.values()].map(({ ended }) => ended));
    clearTimeout(late);
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    while (!this.#closing.signal.aborted) {
      this.#hinted = false;
      let more = false;
      try {
        more = await this.#take();
      } catch (error) {
        logger.warn({ code: VigieError.from(error).code }, 'due effects could not be looked up');
      }
      if (!more && !this.#hinted) await this.#wait();
    }
  }

  /** @returns whether there may be more to take at once */
  async #take(): Promise<boolean> {
    const { database, kinds, node } = this.#options;
    const { places, placesOfOne, lease } = this.#limits;
    const load = new Map<string, number>();
    for (const { receiver } of this.#flights.values()) load.set(receiver, (load.get(receiver) ?? 0) + 1);
    const except = [...load].filter(([, count]) => count >= placesOfOne).map(([receiver]) => receiver);
    const most = Math.min(places - this.#flights.size, placesOfOne);
    if (most < 1) return false;
    const claim = { lease: `${node}/${randomId()}`, leaseMs: lease, ...heldHere(kinds), except, most };
    const effects = await claimEffects(database.db, claim);
    const leaseEnd = performance.now() + lease;
    for (const effect of effects) this.#fly(effect, leaseEnd);
    return effects.length === most;
  }

  /** Until a hint, the end of a delivery, or the next look. */
  async #wait(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, this.#limits.poll);
      if (this.#hinted || this.#closing.signal.aborted) resolve();
    });
    clearTimeout(timer);
  }

  #fly(effect: LeasedEffect, leaseEnd: number): void {
    const key = `${effect.lease} ${effect.id}`;
    const ended = this.#carryOut(effect)
      .then((ending) => this.#end(effect, ending, leaseEnd))
      .finally(() => {
        this.#flights.delete(key);
        this.nudge();
      });
    this.#flights.set(key, { receiver: receiverOf(effect.subject), ended });
  }

  /** One attempt. Never rejects. */
  async #carryOut(effect: LeasedEffect): Promise<Ending> {
    const { database, open, logger, random = Math.random } = this.#options;
    const { id, idempotencyKey, attempts } = effect;
    const plan = { ...this.#options.plan, ...this.#options.kinds.get(effect.kind)?.plan };
    try {
      // Every node that had it went away before it was told how the last attempt went.
      if (attempts > plan.attempts) return { state: 'exhausted', error: 'effect-timeout' };
      const { kind, payload } = await open(effect);
      const verdict = (await kind.check?.(database.db, payload)) ?? 'go';
      if (verdict !== 'go') return { state: 'dropped', error: verdict.drop };
      const limit = AbortSignal.timeout(Math.min(kind.timeLimit ?? TIME_LIMIT, LONGEST_TIME_LIMIT));
      const signal = AbortSignal.any([limit, this.#cut.signal]);
      try {
        const delivery = { id, idempotencyKey, attempt: attempts, signal };
        return { state: 'delivered', result: await abortable(kind.deliver(payload, delivery), signal) };
      } catch (error) {
        throw limit.aborted ? new VigieError('effect-timeout', { cause: error }) : error;
      }
    } catch (thrown) {
      if (this.#cut.signal.aborted) return { state: 'released' };
      const error = VigieError.from(thrown);
      // What failed here says nothing of the receiver.
      if (error.code === 'internal')
        logger.error({ effect: id, kind: effect.kind, at: framesOf(error.cause) }, 'an effect failed');
      const waitMs = nextWait(plan, attempts, error, random);
      return waitMs === undefined
        ? { state: 'exhausted', error: error.code }
        : { state: 'pending', error: error.code, waitMs };
    }
  }

  /** Writes down how it went, and tries so until the lease is over: what is not written down is delivered again. */
  async #end(effect: LeasedEffect, ending: Ending, leaseEnd: number): Promise<void> {
    const { logger } = this.#options;
    for (;;) {
      try {
        const ours = await this.#write(effect, ending);
        if (!ours) logger.warn({ effect: effect.id }, 'an effect was taken by another before its delivery ended');
        return;
      } catch (error) {
        if (performance.now() > leaseEnd || this.#cut.signal.aborted) {
          logger.warn(
            { effect: effect.id, code: VigieError.from(error).code },
            'how a delivery ended could not be written down',
          );
          return;
        }
        await pause(DATABASE_PAUSE, undefined, { signal: this.#cut.signal }).catch(() => undefined);
      }
    }
  }

  async #write(effect: LeasedEffect, ending: Ending): Promise<boolean> {
    const { database, record, ended } = this.#options;
    const { id, kind } = effect;
    if (ending.state === 'pending' || ending.state === 'released') return await endLease(database.db, effect, ending);
    return await database.transaction(async (tx) => {
      if (!(await endLease(tx, effect, ending))) return false;
      await ended(tx, effect, ending);
      if (ending.state === 'dropped') {
        const refs = { effect: id, kind, reason: ending.error };
        await record(tx, { kind: 'effect.dropped', actor: 'service', subject: `effect:${id}`, refs });
      }
      return true;
    });
  }
}

/** The kinds that are delivered here, and to whom those that are not delivered to everybody. */
function heldHere(kinds: DispatcherOptions['kinds']): Pick<Claim, 'kinds' | 'held'> {
  const held = new Map<string, readonly string[]>();
  for (const { kind, receivers } of kinds.values()) if (receivers !== undefined) held.set(kind, receivers());
  return { kinds: [...kinds.keys()].filter((kind) => held.get(kind)?.length !== 0), held };
}

/** Where something was thrown, without its message: that may hold an address or a part of a payload. */
function framesOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error)) return [];
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [thrown.name, ...frames.slice(0, 5).map((line) => line.trim())];
}
