import type { Logger } from 'pino';
import { VigieError } from '../errors.js';
import { GuardedClient } from '../net/guarded-client.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { Outbox } from '../storage/outbox/outbox.js';
import type { Tx } from '../storage/schema.js';
import { Alarms } from './alarms.js';
import { createMailSink } from './mail-sink.js';
import { type MatchSource, matchFound } from './webhook-messages.js';
import { Webhooks } from './webhooks.js';

/** Where alarms go beside the log and the webhooks. */
export interface AlarmSettings {
  /** Credentials included; never logged. */
  readonly smtpUrl: string | undefined;
  readonly to: readonly string[];
  readonly from: string | undefined;
}

export interface EffectsOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly record: RecordEvent;
  readonly logger: Logger;
  readonly node: string;
  /** Addresses that webhooks may go to although they are not public. */
  readonly allow: readonly string[];
  readonly alarms: AlarmSettings;
  /** Version of the engine, as verdicts name it. */
  readonly engine: string;
}

/** The outbox with everything that leaves through it. */
export class Effects {
  readonly outbox: Outbox;
  readonly webhooks: Webhooks;
  readonly alarms: Alarms;
  readonly #engine: string;

  /** @throws VigieError `usage` for settings of mail that cannot be used */
  constructor({ allow, alarms: { smtpUrl, to, from }, engine, ...shared }: EffectsOptions) {
    this.#engine = engine;
    const { logger } = shared;
    this.outbox = new Outbox(shared);
    this.webhooks = new Webhooks({ ...shared, outbox: this.outbox, client: new GuardedClient({ allow }) });
    if (smtpUrl === undefined && to.length > 0) throw new VigieError('usage', { detail: 'VIGIE_SMTP_URL is not set' });
    const mail = smtpUrl === undefined ? undefined : createMailSink({ url: smtpUrl, to, from: from ?? to[0] ?? '' });
    const { outbox, webhooks } = this;
    const { database } = shared;
    this.alarms = new Alarms({ database, outbox, webhooks, logger, ...(mail === undefined ? {} : { mail }) });
  }

  /** Tells the webhooks of a match, as a part of the transaction. @param match with the event that says so */
  readonly enqueueMatch = async (tx: Tx, match: MatchSource & { readonly eventId: string }): Promise<void> => {
    const { verdictId, item, eventId } = match;
    await this.webhooks.publish(tx, {
      message: matchFound(match, this.#engine),
      subject: item === null ? `scan:${verdictId}` : `item:${item.id}`,
      key: verdictId,
      cause: eventId,
    });
  };

  async start(): Promise<void> {
    await this.outbox.start();
    await this.alarms.start();
  }

  async close(): Promise<void> {
    await this.alarms.close();
    await this.outbox.close();
  }
}
