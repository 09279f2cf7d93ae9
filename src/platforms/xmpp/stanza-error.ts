import { type ErrorCode, VigieError } from '../../errors.js';

const BUSY_SECONDS = 10;

/** What the conditions of RFC 6120 §8.3.3 mean for what was asked. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  forbidden: 'act-refused',
  'not-allowed': 'act-refused',
  'not-authorized': 'act-refused',
  'registration-required': 'act-refused',
  'not-acceptable': 'act-refused',
  'feature-not-implemented': 'act-unsupported',
  'service-unavailable': 'act-unsupported',
  'item-not-found': 'act-too-late',
  gone: 'act-too-late',
  'resource-constraint': 'platform-busy',
  'policy-violation': 'platform-busy',
  'recipient-unavailable': 'platform-unreachable',
  'remote-server-not-found': 'platform-unreachable',
  'remote-server-timeout': 'platform-unreachable',
  'internal-server-error': 'platform-unreachable',
};

/** A refusal of the server, a time that ran out or a lost connection, as one of our errors. */
export function stanzaError(error: unknown): VigieError {
  if (error instanceof VigieError) return error;
  const condition = conditionOf(error);
  if (condition === undefined) return new VigieError('platform-unreachable', { cause: error });
  const code = CODES[condition] ?? 'platform-malformed';
  const detail = `the server says ${condition}`;
  return new VigieError(code, {
    detail,
    cause: error,
    ...(code === 'platform-busy' ? { retryAfter: BUSY_SECONDS } : {}),
  });
}

/** The condition that the server gave, of an error or of what caused it. */
export function conditionOf(error: unknown): string | undefined {
  if (error instanceof VigieError) return conditionOf(error.cause);
  const { name, condition } = (error ?? {}) as { name?: unknown; condition?: unknown };
  return name === 'StanzaError' && typeof condition === 'string' && /^[a-z-]{1,40}$/.test(condition)
    ? condition
    : undefined;
}
