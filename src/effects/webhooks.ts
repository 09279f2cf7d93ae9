import { z } from 'zod';
import { VigieError } from '../errors.js';
import type { GuardedClient } from '../net/guarded-client.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import type { Delivery, EffectKind } from '../storage/outbox/effect-kind.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import { randomId } from '../storage/random-id.js';
import type { Db, Tx } from '../storage/schema.js';
import { type StoredWebhook, WebhookStore } from '../storage/webhook-store.js';
import { judgeAnswer } from './webhook-answer.js';
import { type MessageType, messageSchema, type WebhookMessage } from './webhook-messages.js';
import { createWebhookSecret, signatureHeaders } from './webhook-signature.js';

const KIND = 'webhook';
const TIME_LIMIT = 10_000;
const ANSWER_BYTES = 64 * 2 ** 10;
const OVERLAP_MS = 24 * 3_600_000;

const payloadSchema = z.object({ webhook: z.string(), timestamp: z.string(), message: messageSchema }).strict();
type Payload = z.infer<typeof payloadSchema>;

export interface WebhooksOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly outbox: Outbox;
  readonly client: GuardedClient;
  readonly record: RecordEvent;
  /** Milliseconds that one delivery may take; 10 s when left out. */
  readonly timeLimit?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface NewWebhook {
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly MessageType[];
}

/** A webhook as it is shown: of its address only the host, as what stands behind it may be a secret. */
export type ShownWebhook = StoredWebhook & { readonly host: string | null };

export interface Publication {
  readonly message: WebhookMessage;
  /** Messages of the same subject reach each receiver in order, such as `item:…`. */
  readonly subject: string;
  /** The same message has the same key, for instance the id of the verdict. */
  readonly key: string;
  /** Id of the event that it follows from. */
  readonly cause?: string;
}

/** Addresses that want to hear of something, and signed messages to them. Registers its kind of effect with the outbox. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #store: WebhookStore;
  readonly #now: () => number;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#store = new WebhookStore(options.keyring);
    this.#now = options.now ?? Date.now;
    options.outbox.register(this.#kind());
  }

  /**
   * @param by id of the principal
   * @returns the webhook, and the secret of its signatures, which is told only once
   * @throws VigieError `url-invalid`, `url-forbidden`, `webhook-name-taken`
   */
  async add({ name, url, kinds }: NewWebhook, by: string): Promise<{ webhook: ShownWebhook; secret: string }> {
    // A name is judged at delivery, when it is looked up.
    this.#options.client.assertUrl(url);
    const secret = createWebhookSecret();
    const webhook = await this.#options.database.transaction(async (tx) => {
      const added = await this.#store.add(tx, { name, kinds, by }, { url, secrets: [{ secret }] });
      await this.#record(tx, 'webhook.created', added.id, by, { name });
      return added;
    });
    return { webhook: { ...webhook, host: new URL(url).host }, secret };
  }

  async ls(): Promise<readonly ShownWebhook[]> {
    return await this.#store.lsWithHosts(this.#options.database.db);
  }

  /** What waits for it is dropped. @throws VigieError `webhook-not-found` */
  async remove(id: string, by: string): Promise<void> {
    await this.#options.database.transaction(async (tx) => {
      if (!(await this.#store.remove(tx, id))) throw new VigieError('webhook-not-found');
      await this.#record(tx, 'webhook.removed', id, by, {});
    });
    this.#options.outbox.nudge();
  }

  /**
   * Gives a webhook a new secret. The one before signs too for a day, so that the receiver can change at its leisure; the
   * one before that no more.
   * @returns the new secret, which is told only once
   * @throws VigieError `webhook-not-found`
   */
  async rotate(id: string, by: string): Promise<string> {
    const secret = createWebhookSecret();
    await this.#options.database.transaction(async (tx) => {
      const until = this.#now() + OVERLAP_MS;
      await this.#store.changeSecrets(tx, id, ({ url, secrets: [newest] }) => ({
        url,
        secrets: [{ secret }, ...(newest === undefined ? [] : [{ secret: newest.secret, until }])],
      }));
      await this.#record(tx, 'webhook.changed', id, by, { change: 'secret' });
    });
    return secret;
  }

  /**
   * Sends a test message now, outside of the outbox.
   * @throws VigieError `webhook-not-found`; why it was not taken
   */
  async test(id: string, signal?: AbortSignal): Promise<void> {
    const message: WebhookMessage = { type: 'webhook.test', data: { webhook: id } };
    const payload = { webhook: id, timestamp: this.#timestamp(), message };
    await this.#send(payload, { id: randomId(), ...(signal === undefined ? {} : { signal }) });
  }

  /** Writes a message to every webhook that wants its type, as a part of the transaction. */
  async publish(tx: Tx, { message, subject, key, cause }: Publication): Promise<void> {
    for (const webhook of await this.#store.ls(tx)) {
      if (!webhook.active || !webhook.kinds.includes(message.type)) continue;
      await this.#options.outbox.enqueue(tx, {
        kind: KIND,
        subject: `webhook:${webhook.id}/${subject}`,
        idempotencyKey: `webhook ${webhook.id} ${message.type} ${key}`,
        payload: { webhook: webhook.id, timestamp: this.#timestamp(), message } satisfies Payload,
        ...(cause === undefined ? {} : { cause }),
      });
    }
  }

  #kind(): EffectKind<Payload> {
    return {
      kind: KIND,
      schema: payloadSchema,
      timeLimit: this.#timeLimit + 2_000,
      check: async (db: Db, { webhook: id }: Payload) => {
        const webhook = await this.#store.find(db, id);
        return webhook?.active === true ? 'go' : { drop: 'webhook-removed' };
      },
      deliver: (payload: Payload, delivery: Delivery) => this.#send(payload, delivery),
    };
  }

  async #send(payload: Payload, { id, signal }: { readonly id: string; readonly signal?: AbortSignal }): Promise<void> {
    const { database, client } = this.#options;
    const { url, secrets } = await this.#store.secrets(database.db, payload.webhook);
    const now = this.#now();
    const valid = secrets.filter(({ until }) => until === undefined || until > now).map(({ secret }) => secret);
    const { type, data } = payload.message;
    const body = JSON.stringify({ type, timestamp: payload.timestamp, data });
    const message = { id, timestamp: Math.floor(now / 1_000), body };
    const headers = { 'content-type': 'application/json', ...signatureHeaders(message, valid) };
    const options = { body, headers, timeoutMs: this.#timeLimit, answerBytes: ANSWER_BYTES, signal };
    judgeAnswer(await client.post(url, options).catch(asEffectError), now);
  }

  async #record(
    tx: Tx,
    kind: 'webhook.created' | 'webhook.changed' | 'webhook.removed',
    id: string,
    by: string,
    refs: { readonly name?: string; readonly change?: string },
  ): Promise<void> {
    await this.#options.record(tx, { kind, actor: by, subject: `webhook:${id}`, refs: { webhook: id, ...refs } });
  }

  #timestamp(): string {
    return new Date(this.#now()).toISOString();
  }

  get #timeLimit(): number {
    return this.#options.timeLimit ?? TIME_LIMIT;
  }
}

/** The errors of the client speak of media. */
function asEffectError(thrown: unknown): never {
  if (thrown instanceof VigieError && thrown.code === 'fetch-timeout') throw new VigieError('effect-timeout');
  if (thrown instanceof VigieError && thrown.code === 'fetch-failed')
    throw new VigieError('effect-failed', { detail: 'no answer' });
  throw thrown;
}
