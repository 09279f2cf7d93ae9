import type { Rate } from './rate-limiter.js';
import type { Scope } from './scopes.js';

/** Who is asking: a person at the console, a service with a key, or the operator on this machine. */
export interface Principal {
  readonly kind: 'person' | 'service' | 'system';
  /** Stable and free of secrets; may stand in logs and in `by` columns. */
  readonly id: string;
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** In place of the rates that hold for all keys. */
  readonly rate?: Rate;
}
