import type { ZodType } from 'zod';
import type { Db, Tx } from '../schema.js';
import type { RetryPlan } from './retry-plan.js';

/** What `deliver` is told of the effect beside its payload. */
export interface Delivery {
  readonly id: string;
  /** The same at every attempt: what receives it twice does it once. */
  readonly idempotencyKey: string;
  /** 1 at the first. */
  readonly attempt: number;
  /** Aborted when the time for this attempt is over or the service ends. */
  readonly signal: AbortSignal;
}

/** How the receiver of an effect says that it ended. */
export type Conclusion =
  | { readonly state: 'delivered'; readonly result: unknown }
  | { readonly state: 'exhausted'; readonly error: string };

/** How an effect ended, or what somebody did about one that waited. */
export type EffectEnding =
  | Conclusion
  /** `error`: what `check` said. */
  | { readonly state: 'dropped'; readonly error: string }
  | { readonly state: 'given-up'; readonly by: string; readonly reason: string }
  /** It is tried again, with all its attempts. */
  | { readonly state: 'retried'; readonly by: string };

/** One kind of thing that leaves the house: what it carries, whether it still may go, and how it goes. */
export interface EffectKind<Payload = unknown> {
  readonly kind: string;
  /** Takes the same value again unchanged: it validates when the effect is written and when it is read. */
  readonly schema: ZodType<Payload>;
  /** Milliseconds that one attempt may take; 30 s when left out, 45 s at most. */
  readonly timeLimit?: number;
  /** Where it differs from the outbox's own. */
  readonly plan?: Partial<RetryPlan>;
  /**
   * Receivers (what stands before the slash of a subject) that this process delivers to now; asked at each look. All of
   * them when left out.
   */
  receivers?(): readonly string[];
  /** True: `ended` says who is to know that attempts ran out, and the outbox raises nothing. */
  readonly ownAttention?: boolean;
  /**
   * Whether the effect is still wanted. Asked in the transaction that writes it, and again right before each attempt.
   * @returns `go`, or a code in kebab-case for why it is dropped
   */
  check?(db: Db, payload: Payload): Promise<'go' | { readonly drop: string }>;
  /**
   * Carries it out; returns when the receiver has taken it. What it returns is handed to `ended`.
   * @throws VigieError; those of PERMANENT (retry-plan.ts) are given up after a few attempts, and `retryAfter` is honoured
   */
  deliver(payload: Payload, delivery: Delivery): Promise<unknown>;
  /** Part of the transaction that writes down how it ended. @param effect id of the effect */
  ended?(tx: Tx, effect: string, ending: EffectEnding): Promise<void>;
}
