import type { ZodType } from 'zod';
import type { Db } from '../schema.js';

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

/** One kind of thing that leaves the house: what it carries, whether it still may go, and how it goes. */
export interface EffectKind<Payload = unknown> {
  readonly kind: string;
  /** Takes the same value again unchanged: it validates when the effect is written and when it is read. */
  readonly schema: ZodType<Payload>;
  /** Milliseconds that one attempt may take; 30 s when left out, 45 s at most. */
  readonly timeLimit?: number;
  /**
   * Whether the effect is still wanted. Asked in the transaction that writes it, and again right before each attempt.
   * @returns `go`, or a code in kebab-case for why it is dropped
   */
  check?(db: Db, payload: Payload): Promise<'go' | { readonly drop: string }>;
  /**
   * Carries it out; returns when the receiver has taken it.
   * @throws VigieError; those of PERMANENT (retry-plan.ts) are given up after a few attempts, and `retryAfter` is honoured
   */
  deliver(payload: Payload, delivery: Delivery): Promise<void>;
}
