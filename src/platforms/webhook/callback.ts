import { z } from 'zod';
import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import type { PostAnswer } from '../../net/guarded-client.js';
import { retryAfterSeconds } from '../../net/retry-after.js';
import type { Callback } from './callback-shape.js';

/** What is sent to a platform of one's own, and what its answers mean. docs/client.md describes both to its engineers. */

/** The same text at every attempt. */
export function orderCallback({ act, target, message }: Order): Callback {
  const { item, room, account } = target;
  return { type: 'order', data: { act, item, room, account, message } };
}

const reason = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
const answerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['done', 'already', 'accepted']) }),
  z.object({ outcome: z.literal('refused'), reason: reason.catch('refused').default('refused') }),
]);

/** Reasons of a refusal that have a meaning of their own. */
const REASONS = { unsupported: 'act-unsupported', 'too-late': 'act-too-late' } as const;

/** Statuses that ask for another attempt: too slow, too early, too many, away. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 503]);

/**
 * What an answer says. Only JSON that says so is a success: a page of an error, a login or a proxy is none, whatever its
 * status.
 * @returns `accepted`: it will be confirmed later
 * @throws VigieError `act-unsupported`, `act-too-late`, `act-refused`, `act-unconfirmed`, `platform-busy`,
 *   `platform-refused`, `platform-unreachable`
 */
export function readAnswer(answer: PostAnswer, now: number): Outcome | 'accepted' {
  const { status } = answer;
  const detail = `status ${status}`;
  if (TRY_AGAIN.has(status)) {
    const retryAfter = retryAfterSeconds(answer.retryAfter, now);
    throw new VigieError('platform-busy', { detail, ...(retryAfter === undefined ? {} : { retryAfter }) });
  }
  if (status >= 300 && status < 400) {
    throw new VigieError('platform-unreachable', { detail: `${detail}; redirects are not followed` });
  }
  if (status >= 500) throw new VigieError('platform-unreachable', { detail });
  const said = parse(answer);
  if (said?.outcome === 'refused') throw refusal(said.reason);
  if (status === 401 || status === 403) throw new VigieError('platform-refused', { detail });
  if (status >= 400) throw new VigieError('platform-unreachable', { detail });
  if (said === undefined) throw new VigieError('act-unconfirmed', { detail: 'the answer is not one of the protocol' });
  return said.outcome;
}

function refusal(why: string): VigieError {
  if (Object.hasOwn(REASONS, why)) return new VigieError(REASONS[why as keyof typeof REASONS]);
  return new VigieError('act-refused', { detail: why });
}

function parse({ contentType, text, cut }: PostAnswer): z.output<typeof answerSchema> | undefined {
  if (cut || !/^\s*application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return undefined;
  try {
    return answerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
