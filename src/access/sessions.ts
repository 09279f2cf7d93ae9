import { createHash, randomBytes } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { Principal } from './principal.js';
import { ALL_SCOPES } from './scopes.js';

const LINK_LIFETIME_MS = 15 * 60_000;
const SESSION_LIFETIME_MS = 12 * 3_600_000;
const MAXIMUM_SESSIONS = 1_000;

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

interface Session {
  readonly principal: Principal;
  readonly expires: number;
}

/**
 * One-time links and the sessions that they open, held in memory: a restart ends every session, and a new link is
 * printed at each start. Only digests of the secrets are kept.
 */
export class Sessions {
  readonly #links = new Map<string, number>();
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns the secret of a link that opens one session within a quarter of an hour */
  createLink(): string {
    const secret = randomBytes(24).toString('base64url');
    this.#links.set(digest(secret).toString('hex'), this.#now() + LINK_LIFETIME_MS);
    return secret;
  }

  /**
   * Spends a link.
   * @returns the secret of the new session, for the cookie
   * @throws VigieError `link-used`
   */
  open(linkSecret: string): string {
    const key = digest(linkSecret).toString('hex');
    const expires = this.#links.get(key);
    this.#links.delete(key);
    if (expires === undefined || expires < this.#now()) throw new VigieError('link-used');
    this.#sweep();
    const secret = randomBytes(24).toString('base64url');
    this.#sessions.set(digest(secret).toString('hex'), {
      principal: { kind: 'person', id: `console-${key.slice(0, 8)}`, name: 'Console', scopes: new Set(ALL_SCOPES) },
      expires: this.#now() + SESSION_LIFETIME_MS,
    });
    return secret;
  }

  find(secret: string): Principal | undefined {
    const wanted = digest(secret);
    const session = this.#sessions.get(wanted.toString('hex'));
    if (session === undefined || session.expires < this.#now()) return undefined;
    return session.principal;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [key, expires] of this.#links) if (expires < now) this.#links.delete(key);
    for (const [key, session] of this.#sessions) if (session.expires < now) this.#sessions.delete(key);
    while (this.#sessions.size >= MAXIMUM_SESSIONS) {
      const oldest = this.#sessions.keys().next().value;
      if (oldest === undefined) return;
      this.#sessions.delete(oldest);
    }
  }
}
