import { VigieError } from '../errors.js';
import type { PostAnswer } from '../net/guarded-client.js';
import { retryAfterSeconds } from '../net/retry-after.js';

/** Statuses of the 400s that ask for another attempt: too slow, too early, too many. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Judges the answer of a receiver: only a success that looks like one is a success. A page of a proxy or a login, and
 * more than an acknowledgement needs, are none, whatever their status.
 * @throws VigieError `effect-odd-answer`, `effect-refused`, `effect-failed`
 */
export function judgeAnswer({ status, contentType, retryAfter, text, cut }: PostAnswer, now = Date.now()): void {
  const detail = `status ${status}`;
  if (status >= 200 && status < 300) {
    if (cut) throw new VigieError('effect-odd-answer', { detail: 'an answer without end' });
    if (isPage(contentType, text)) throw new VigieError('effect-odd-answer', { detail: 'a page' });
    return;
  }
  const seconds = retryAfterSeconds(retryAfter, now);
  const options = seconds === undefined ? { detail } : { detail, retryAfter: seconds };
  if (status < 400) {
    throw new VigieError('effect-odd-answer', { ...options, detail: `${detail}; redirects are not followed` });
  }
  if (status < 500 && !TRY_AGAIN.has(status)) throw new VigieError('effect-refused', { detail });
  throw new VigieError('effect-failed', options);
}

function isPage(contentType: string, text: string): boolean {
  if (/^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType)) return true;
  return /^\s*<(?:!doctype\s+html|html)[\s>]/i.test(text.replace(/^\ufeff/, ''));
}
