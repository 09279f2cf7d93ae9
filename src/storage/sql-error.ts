import { VigieError } from '../errors.js';
import { errnoOf } from './durable-file.js';

/** What the database said no to, in the same shape for both dialects. Holds no values, only names. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  /** Five characters, see "PostgreSQL Error Codes". */
  readonly sqlState: string;
  readonly constraint: string | undefined;

  constructor(sqlState: string, message: string, constraint: string | undefined) {
    super(message);
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

const CONNECTION_LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EACCES',
]);

const LOST_TEXT = /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|not queryable|ssl/i;

/**
 * Any error of the two drivers as one of ours: `database-unavailable`, `database-timeout`, `database-busy`, `disk-full`
 * or a SqlError. The server's DETAIL and quoted values are left out, for they can hold data.
 */
export function sqlError(thrown: unknown): Error {
  if (thrown instanceof VigieError || thrown instanceof SqlError) return thrown;
  const code = errnoOf(thrown) ?? '';
  // The driver's own error would carry the URL, and with it the password.
  if (code === 'ERR_INVALID_URL') return unavailable('DATABASE_URL is not a URL');
  const message = thrown instanceof Error ? thrown.message : 'unknown';
  if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT') return new VigieError('disk-full');
  if (code === '57014') return new VigieError('database-timeout', { detail: 'a statement was stopped' });
  if (code === '25P03') return new VigieError('database-timeout', { detail: 'a transaction stood idle' });
  if (code === '53300') return new VigieError('database-busy', { detail: 'too many connections', retryAfter: 1 });
  if (code.startsWith('28')) return unavailable(`the server refused the user, ${code}`);
  if (code === '3D000') return unavailable('the server has no such database');
  if (/^(08|57P|53|58)/.test(code) || CONNECTION_LOST.has(code)) return unavailable(code);
  if (!/^[0-9A-Z]{5}$/.test(code)) {
    if (LOST_TEXT.test(message)) return unavailable('connection lost');
    return thrown instanceof Error ? thrown : new Error(message);
  }
  const constraint = (thrown as { constraint?: unknown }).constraint;
  const named = typeof constraint === 'string' ? constraint : undefined;
  return new SqlError(code, `${code} ${withoutValues(code, message)}`, named);
}

function unavailable(detail: string): VigieError {
  return new VigieError('database-unavailable', { detail, retryAfter: 1 });
}

/** Class 22 (data exceptions) quotes the offending value. */
function withoutValues(code: string, message: string): string {
  return code.startsWith('22') ? message.replace(/"[^"]*"/g, '"…"').replace(/:.*$/s, '') : message;
}
