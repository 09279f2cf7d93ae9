import type { FastifyRequest } from 'fastify';
import type { Principal } from '../access/principal.js';
import { ALL_SCOPES, type Scope } from '../access/scopes.js';
import { VigieError } from '../errors.js';
import type { Services } from './services.js';

export const SESSION_COOKIE = 'vigie_session';

/** The operator at the machine itself, who came in through the socket that only this user can open. */
export const LOCAL_OPERATOR: Principal = {
  kind: 'system',
  id: 'local-operator',
  name: 'Operator on this machine',
  scopes: new Set(ALL_SCOPES),
};

/** Whoever asks where nothing needs to be allowed. */
export const NOBODY: Principal = { kind: 'system', id: 'anonymous', name: 'Anonymous', scopes: new Set() };

/**
 * Tells who asks.
 * @throws VigieError `rate-limited`, `key-missing`, `key-invalid`, `link-used` (a session that is over)
 */
export async function authenticate(request: FastifyRequest, services: Services): Promise<Principal> {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const key = /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1];
    // Whoever guesses must not load the database, nor lock out a key that is in use from the same address.
    const onlyKnown = services.rates.isShut(request.ip);
    const principal = key === undefined ? undefined : await services.keys.find(key, { onlyKnown });
    if (principal === undefined) {
      services.rates.failed(request.ip);
      throw new VigieError('key-invalid');
    }
    return principal;
  }
  const session = cookie(request.headers.cookie, SESSION_COOKIE);
  if (session === undefined) {
    services.rates.admitAddress(request.ip);
    throw new VigieError('key-missing');
  }
  const principal = services.sessions.find(session);
  if (principal === undefined) {
    services.rates.failed(request.ip);
    throw new VigieError('link-used', { detail: 'the session is over' });
  }
  // A cookie goes along with whatever a foreign page sends; the header does not, without our consent (CORS).
  if (request.method !== 'GET' && request.headers['x-vigie-console'] !== '1') {
    throw new VigieError('request-invalid', { detail: 'the header x-vigie-console is missing' });
  }
  return principal;
}

/** @throws VigieError `scope-missing` */
export function authorise(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) throw new VigieError('scope-missing', { detail: scope });
}

function cookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
