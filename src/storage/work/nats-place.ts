import { VigieError } from '../../errors.js';

/** What the client wants to know of an address such as `nats://user:password@host:4222,nats://other`. */
export interface NatsPlace {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: Record<string, never>;
}

/**
 * Reads NATS_URL. Credentials are those of the first address that has any; a user without a password is a token.
 * @throws VigieError `usage`, which never quotes the address
 */
export function parseNatsUrl(text: string): NatsPlace {
  const urls = text.split(',').map((part) => toUrl(part.trim()));
  const { username, password } = urls.find((url) => url.username !== '') ?? { username: '', password: '' };
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    ...(user === '' ? {} : pass === '' ? { token: user } : { user, pass }),
    ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
  };
}

function toUrl(text: string): URL {
  try {
    const url = new URL(text.includes('://') ? text : `nats://${text}`);
    if ((url.protocol === 'nats:' || url.protocol === 'tls:') && url.hostname !== '') return url;
  } catch {
    // Told below, without the text: it may hold a password.
  }
  throw new VigieError('usage', { detail: 'NATS_URL is not a nats:// or tls:// address' });
}
