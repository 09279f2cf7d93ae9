import type { Logger } from 'pino';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { every } from '../runtime/every.js';
import { type Attention, findAttention } from '../storage/attention/attention-store.js';
import { type AlarmPace, claimAlarm } from '../storage/attention/claim-alarm.js';
import { ATTENTION_CHANNEL } from '../storage/attention/raise-attention.js';
import type { Database } from '../storage/database.js';
import type { Delivery, EffectKind } from '../storage/outbox/effect-kind.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import type { Db, Tx } from '../storage/schema.js';
import type { Mail } from './mail-sink.js';
import { type AttentionRaised, attentionRaisedSchema } from './webhook-messages.js';
import type { Webhooks } from './webhooks.js';

/** One kind a sink: a process without mail leaves what is to be mailed to those that have it. */
const KINDS = { log: 'alarm', mail: 'alarm-mail' } as const;
const HOUR = 3_600_000;
const PACE: AlarmPace = { quietMs: 10 * 60_000, repeatMs: 24 * HOUR };

const payloadSchema = z.object({ sink: z.enum(['log', 'mail']), alarm: attentionRaisedSchema }).strict();
type Payload = z.infer<typeof payloadSchema>;

export interface AlarmsOptions {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly webhooks: Webhooks;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** Sends mail; without it there is none. */
  readonly mail?: (mail: Mail, signal: AbortSignal) => Promise<void>;
  readonly pace?: Partial<AlarmPace>;
  /** Milliseconds between two looks; a new attention is seen at once. */
  readonly pollMs?: number;
}

/**
 * Gives alarms: looks for attentions that somebody has to hear of, and writes an effect for each sink, so that an alarm
 * is as sure to arrive as anything else. Any number of processes may look.
 */
export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #pace: AlarmPace;
  readonly #stops: (() => Promise<void>)[] = [];
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#pace = { ...PACE, ...options.pace };
    options.outbox.register(this.#kind('log'));
    if (options.mail !== undefined) options.outbox.register(this.#kind('mail'));
  }

  async start(): Promise<void> {
    const { database, pollMs = 15_000 } = this.#options;
    this.#stops.push(await database.listen(ATTENTION_CHANNEL, () => void this.#look()));
    this.#stops.push(
      every(
        pollMs,
        () => this.#look(),
        () => undefined,
      ),
    );
    await this.#look();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#stops.splice(0).map((stop) => stop()));
    await this.#looking;
  }

  /** Writes the alarms that are to be given now. @returns how many attentions that were */
  async give(): Promise<number> {
    let given = 0;
    for (let more = true; more; ) {
      more = await this.#options.database.transaction(async (tx) => {
        const attention = await claimAlarm(tx, this.#pace);
        if (attention !== undefined) await this.#write(tx, attention);
        return attention !== undefined;
      });
      if (more) given++;
    }
    return given;
  }

  /** One look at a time; what is raised meanwhile gets another. Never rejects. */
  async #look(): Promise<void> {
    this.#again = true;
    this.#looking ??= (async () => {
      while (this.#again) {
        this.#again = false;
        await this.give().catch((error: unknown) => {
          this.#options.logger.warn({ code: VigieError.from(error).code }, 'alarms could not be looked up');
        });
      }
      this.#looking = undefined;
    })();
    await this.#looking;
  }

  async #write(tx: Tx, attention: Attention): Promise<void> {
    const { outbox, webhooks, mail } = this.#options;
    const { id, kind, title, subject, count, due, overdue, alarmedAt } = attention;
    const alarm: AttentionRaised = { attention: id, kind, title, subject, count, due: due.toISOString(), overdue };
    const key = `${id} ${alarmedAt?.getTime()}`;
    const sinks: readonly Payload['sink'][] = mail === undefined ? ['log'] : ['log', 'mail'];
    for (const sink of sinks) {
      await outbox.enqueue(tx, {
        ...{ kind: KINDS[sink], subject: `alarm-${sink}/attention:${id}`, idempotencyKey: `alarm ${sink} ${key}` },
        payload: { sink, alarm } satisfies Payload,
      });
    }
    await webhooks.publish(tx, { message: { type: 'attention.raised', data: alarm }, subject: `attention:${id}`, key });
  }

  #kind(name: keyof typeof KINDS): EffectKind<Payload> {
    return {
      kind: KINDS[name],
      schema: payloadSchema,
      check: async (db: Db, { alarm }: Payload) => {
        const attention = await findAttention(db, alarm.attention);
        return attention === undefined || attention.state === 'resolved' ? { drop: 'resolved' } : 'go';
      },
      deliver: async ({ sink, alarm }: Payload, { id, signal }: Delivery) => {
        const { logger, mail } = this.#options;
        if (sink === 'log') {
          const { title, overdue, ...facts } = alarm;
          logger[overdue ? 'error' : 'warn'](facts, overdue ? `overdue: ${title}` : `needs somebody: ${title}`);
        } else {
          await mail?.({ id, ...inWords(alarm) }, signal);
        }
      },
    };
  }
}

function inWords({ attention, kind, title, subject, count, due, overdue }: AttentionRaised): Omit<Mail, 'id'> {
  return {
    subject: `Vigie: ${overdue ? 'overdue: ' : ''}${title}`,
    text: [
      `${title}${count > 1 ? `, ${count} times` : ''}.`,
      '',
      `What:   ${kind}, ${subject}`,
      `Due:    ${due}${overdue ? ', which has passed' : ''}`,
      '',
      `vigie attention show ${attention}`,
      '',
    ].join('\n'),
  };
}
