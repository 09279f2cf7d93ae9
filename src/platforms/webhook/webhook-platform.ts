import { setTimeout as sleep } from 'node:timers/promises';
import { signatureHeaders } from '../../effects/webhook-signature.js';
import { TAKES_DOWN } from '../../enforcement/action-plan.js';
import type { Order, Outcome } from '../../enforcement/acts.js';
import type { Platform, PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { randomId } from '../../storage/random-id.js';
import { orderCallback, readAnswer } from './callback.js';
import type { Callback } from './callback-shape.js';
import type { WebhookCredentials, WebhookSettings } from './webhook-settings.js';

/** A platform has so long for one answer, milliseconds. */
const ANSWER_MS = 20_000;
const ANSWER_BYTES = 16 << 10;
const LOOK_MS = 5_000;
/** What a page answers that nobody sees any more. */
const GONE: ReadonlySet<number> = new Set([401, 403, 404, 410, 451]);
const PING_MS = 60_000;
/** Pings in a row that may go unanswered: a platform may be started anew. */
const MISSED = 3;

/** A platform of one's own engineers. It hands items in by itself; orders go to it one by one, signed. */
export class WebhookPlatform implements Platform {
  readonly acts: Platform['acts'];
  readonly #settings: WebhookSettings;
  readonly #secrets: readonly string[];
  readonly #house: PlatformHouse;
  #heard: () => void = () => undefined;

  constructor(settings: WebhookSettings, { secret, previous }: WebhookCredentials, house: PlatformHouse) {
    this.acts = new Set(settings.acts);
    this.#settings = settings;
    this.#secrets = previous === undefined ? [secret] : [secret, previous];
    this.#house = house;
  }

  /** There is no connection to hold: it only asks now and then whether the platform is there, so that people hear when not. */
  async run(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    this.#heard = () => intake.heard();
    await this.ping(signal);
    for (let missed = 0; ; ) {
      this.#heard();
      await sleep(PING_MS, undefined, { signal });
      try {
        await this.ping(signal);
        missed = 0;
      } catch (error) {
        signal.throwIfAborted();
        if (++missed >= MISSED || VigieError.from(error).code === 'platform-refused') throw error;
      }
    }
  }

  async act(order: Order, signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#send(order.id, orderCallback(order), signal);
    if (outcome !== 'accepted') {
      await this.#look(order, signal);
      return outcome;
    }
    const { answers, confirmWithin } = this.#settings;
    if (answers === 'later') throw new VigieError('act-awaited', { retryAfter: confirmWithin });
    throw new VigieError('act-unconfirmed', { detail: 'it accepts, and is set to answer at once' });
  }

  /** @throws VigieError `platform-malformed` when something answers that is not the platform, and those of `readAnswer` */
  async ping(signal: AbortSignal): Promise<void> {
    try {
      await this.#send(`ping-${randomId()}`, { type: 'ping', data: {} }, signal);
    } catch (thrown) {
      if (!(thrown instanceof VigieError) || !thrown.code.startsWith('act-')) throw thrown;
      throw new VigieError('platform-malformed', { detail: thrown.detail ?? 'it refuses a ping' });
    }
  }

  /** Whether the page of what was taken down is gone for everybody. */
  async #look({ act, target: { item } }: Order, signal: AbortSignal): Promise<void> {
    const { lookAt } = this.#settings;
    if (lookAt === '' || item === null || !TAKES_DOWN.has(act)) return;
    const url = lookAt.replaceAll('{item}', encodeURIComponent(item));
    const read = async ({ status }: { readonly status: number }) => status;
    const status = await this.#house.client.exchange(url, { timeoutMs: LOOK_MS, signal }, read).catch(asPlatformError);
    if (!GONE.has(status)) throw new VigieError('act-unconfirmed', { detail: `its page answers ${status}` });
  }

  async #send(id: string, callback: Callback, signal: AbortSignal): Promise<Outcome | 'accepted'> {
    const { client, now } = this.#house;
    const body = JSON.stringify(callback);
    const signed = signatureHeaders({ id, timestamp: Math.floor(now() / 1_000), body }, this.#secrets);
    const headers = { 'content-type': 'application/json', accept: 'application/json', ...signed };
    const sent = { body, headers, timeoutMs: ANSWER_MS, answerBytes: ANSWER_BYTES, signal };
    const outcome = readAnswer(await client.post(this.#settings.url, sent).catch(asPlatformError), now());
    this.#heard();
    return outcome;
  }
}

/** The errors of the client speak of media. */
function asPlatformError(thrown: unknown): never {
  if (!(thrown instanceof VigieError)) throw thrown;
  const detail = { 'fetch-failed': 'no answer', 'fetch-timeout': 'no answer in time' }[thrown.code as string];
  if (detail === undefined) throw thrown;
  throw new VigieError('platform-unreachable', { detail, cause: thrown });
}
