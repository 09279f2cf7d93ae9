import { VigieError } from '../errors.js';
import type { Principal } from './principal.js';
import { addressOf, type QuotaName, type Rates } from './quotas.js';
import { RateLimiter } from './rate-limiter.js';

/** Who is let in how often, in this process. Whoever came in through the local socket is not counted. */
export class RateGate {
  readonly #rates: Rates;
  readonly #limiter: RateLimiter;

  constructor(rates: Rates, limiter: RateLimiter = new RateLimiter()) {
    this.#rates = rates;
    this.#limiter = limiter;
  }

  /** @throws VigieError `rate-limited` */
  admit(principal: Principal, quota: QuotaName): void {
    if (principal.kind === 'system') return;
    refuse(this.#limiter.take(`${quota} ${principal.id}`, principal.rate ?? this.#rates[quota]), quota);
  }

  /** Charges for what a request turned out to ask, beyond the one that `admit` took. */
  charge(principal: Principal, quota: QuotaName, cost: number): void {
    if (principal.kind === 'system') return;
    this.#limiter.charge(`${quota} ${principal.id}`, principal.rate ?? this.#rates[quota], cost);
  }

  /** A request that needs no key. @throws VigieError `rate-limited` */
  admitAddress(ip: string): void {
    refuse(this.#limiter.take(`address ${addressOf(ip)}`, this.#rates.address), 'address');
  }

  /** Whether an address has been refused so often that what it tries next is not even looked at. */
  isShut(ip: string): boolean {
    return this.#limiter.check(`failed ${addressOf(ip)}`, this.#rates.failed) !== undefined;
  }

  /** Counts a refused key or link. @throws VigieError `rate-limited` when there were too many already */
  failed(ip: string): void {
    refuse(this.#limiter.take(`failed ${addressOf(ip)}`, this.#rates.failed), 'failed');
  }
}

function refuse(wait: number | undefined, quota: QuotaName): void {
  if (wait !== undefined) throw new VigieError('rate-limited', { detail: quota, retryAfter: wait });
}
