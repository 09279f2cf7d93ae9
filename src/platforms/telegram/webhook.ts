import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrammyError } from 'grammy';
import type { PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { persist } from '../persist.js';
import type { BotApi } from './bot-api.js';
import { ALLOWED_UPDATES } from './update-shape.js';

/** How often it is looked whether Telegram still knows where to deliver. */
const LOOK_MS = 60_000;

/** The header that Telegram sends the secret in. */
export const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

/** What Telegram shows with each delivery: it follows from the token, so that every process knows it. */
export function webhookSecret(token: string): string {
  return createHmac('sha256', token).update('vigie: telegram webhook').digest('hex');
}

/** Takes as long for a wrong secret as for the right one. */
export function isSecret(token: string, given: string | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(webhookSecret(token)));
}

export interface WebhookOptions {
  readonly api: BotApi;
  readonly intake: PlatformIntake;
  readonly token: string;
  readonly url: string;
  readonly now: () => number;
  /** How often it is looked whether it is well, milliseconds. */
  readonly lookMs?: number;
}

/**
 * Has Telegram deliver to a URL, until it is aborted. What is not taken is delivered again, also after a restart.
 * @throws VigieError `platform-refused` when Telegram does not take the URL; as `persist`; the signal's reason
 */
export async function keepWebhook(options: WebhookOptions, signal: AbortSignal): Promise<void> {
  const { api, intake, token, url, now, lookMs = LOOK_MS } = options;
  const wanted = { url, secret_token: webhookSecret(token), allowed_updates: ALLOWED_UPDATES, max_connections: 40 };
  // Set at each start, as the secret that was given before cannot be asked for.
  await persist(() => api.ask('setWebhook', (raw, stop) => raw.setWebhook(wanted, stop), signal), signal).catch(
    refused,
  );
  for (;;) {
    const info = await persist(
      () => api.ask('getWebhookInfo', (raw, stop) => raw.getWebhookInfo(stop), signal),
      signal,
    );
    if (info.url !== url) throw new VigieError('platform-refused', { detail: 'somebody else set another webhook' });
    intake.heard();
    const { last_error_date: failed = 0, pending_update_count: waiting = 0 } = info;
    const failing = { code: 'webhook-failing' };
    // What waits and could not be delivered a moment ago: nobody hears what is shared.
    const isFailing = waiting > 0 && now() - failed * 1_000 < lookMs * 2;
    await (isFailing ? intake.trouble(failing) : intake.settled(failing));
    await sleep(lookMs, undefined, { signal });
  }
}

function refused(error: unknown): never {
  if (!(error instanceof GrammyError)) throw error;
  throw new VigieError('platform-refused', { detail: 'Telegram does not take the address of the webhook' });
}
