import type { Logger } from 'pino';
import type { Config } from './config.js';
import { Alarms } from './effects/alarms.js';
import { createMailSink } from './effects/mail-sink.js';
import { linkFound, matchFound, reviewProposed, type WebhookMessage } from './effects/webhook-messages.js';
import { Webhooks } from './effects/webhooks.js';
import { Intake } from './intake/intake.js';
import type { EnqueueMatch, FetchFromPlatform, FollowVerdict, LookFurther } from './intake/intake-parts.js';
import type { Lists } from './lists/lists.js';
import type { SealedBlobStore } from './lists/sealed-blob-store.js';
import type { Metrics } from './metrics/metrics.js';
import type { GuardedClient } from './net/guarded-client.js';
import { countVerdict, countWords } from './scan/count-verdict.js';
import type { Scanner } from './scan/scanner.js';
import { Attentions } from './storage/attention/attentions.js';
import { raiseAttention } from './storage/attention/raise-attention.js';
import type { Database } from './storage/database.js';
import { Audit } from './storage/events/audit.js';
import type { BatchFiles } from './storage/events/batch-files.js';
import { EventSealer } from './storage/events/event-sealer.js';
import { EventVerifier } from './storage/events/event-verifier.js';
import type { Events } from './storage/events/events.js';
import type { Keyring } from './storage/keyring.js';
import { Outbox } from './storage/outbox/outbox.js';
import type { Tx } from './storage/schema.js';
import type { WorkStream } from './storage/work/work-stream.js';

export interface GroundFloorOptions {
  readonly config: Config;
  readonly database: Database;
  readonly keyring: Keyring;
  readonly events: Events;
  readonly batches: BatchFiles;
  readonly stream: WorkStream;
  readonly scanner: Scanner;
  readonly lists: Lists;
  readonly client: GuardedClient;
  /** Fetches what platforms keep. */
  readonly fetch: FetchFromPlatform;
  /** Where the bytes of items lie until their verdict, sealed. */
  readonly media: SealedBlobStore;
  /** What follows from a verdict on platforms. */
  readonly followVerdict: FollowVerdict;
  /** Told of items that are looked at again after they could not be told, as a part of the transaction. */
  readonly lookedAtAgain: (tx: Tx, items: readonly string[]) => Promise<void>;
  /** Who looks at what no list knows. */
  readonly lookFurther: LookFurther;
  readonly logger: Logger;
  /** Name of this process among those that share the database. */
  readonly node: string;
  readonly metrics: Metrics;
  /** Whether verdicts can be given now. */
  readonly ready: () => boolean;
}

/** What everything else stands on: events, effects, attention and intake, wired to each other. */
export class GroundFloor {
  readonly audit: Audit;
  readonly outbox: Outbox;
  readonly webhooks: Webhooks;
  readonly attentions: Attentions;
  readonly alarms: Alarms;
  readonly sealer: EventSealer;
  readonly verifier: EventVerifier;
  readonly intake: Intake;

  private constructor(parts: Omit<GroundFloor, 'start' | 'close'>) {
    this.audit = parts.audit;
    this.outbox = parts.outbox;
    this.webhooks = parts.webhooks;
    this.attentions = parts.attentions;
    this.alarms = parts.alarms;
    this.sealer = parts.sealer;
    this.verifier = parts.verifier;
    this.intake = parts.intake;
  }

  static async open(options: GroundFloorOptions): Promise<GroundFloor> {
    const { config, database, keyring, events, batches, stream, scanner, client, media, logger, node, ready } = options;
    const { record } = events;
    const failed = (what: string) => (error: unknown) => logger.error({ err: error }, `${what} failed`);
    const outbox = new Outbox({ database, keyring, record, logger, node });
    const webhooks = new Webhooks({ database, keyring, outbox, client, record });
    const intake = await Intake.open({
      database,
      keyring,
      stream,
      scanner,
      words: options.lists,
      blobs: media,
      fetch: options.fetch,
      assertUrl: (url) => client.assertUrl(url),
      record,
      enqueueMatch: tellWebhooks(webhooks),
      followVerdict: options.followVerdict,
      lookFurther: options.lookFurther,
      raiseAttention,
      sealForSubject: (tx, subject, plain, aad) => events.subjectKeys.seal(tx, subject, plain, aad),
      node,
      ready,
      scansAtOnce: config.decoders.processes * 4,
      counted: (verdict, surface) => countVerdict(options.metrics, verdict, surface),
      countedWords: (verdict) => countWords(options.metrics, verdict),
      failed: failed('looking at an item'),
    });
    const requeue: ConstructorParameters<typeof Attentions>[0]['requeue'] = async (tx, ids) => {
      await intake.items.requeue(tx, ids);
      await options.lookedAtAgain(tx, ids);
    };
    const attentions = new Attentions({ database, record, requeue });
    const mail = config.mail === undefined ? {} : { mail: createMailSink(config.mail) };
    const alarms = new Alarms({ database, outbox, webhooks, logger, ...mail });
    const sealer = new EventSealer({ database, files: batches, failed: failed('sealing events') });
    const verifier = new EventVerifier({ database, files: batches, subjectKeys: events.subjectKeys });
    const audit = new Audit(database, batches, events);
    return new GroundFloor({ audit, outbox, webhooks, attentions, alarms, sealer, verifier, intake });
  }

  /**
   * @param deliver false: effects are written here, and delivered by other processes or later
   * @param work false: items are taken in here, and looked at by other processes
   */
  async start({ deliver, work }: { readonly deliver: boolean; readonly work: boolean }): Promise<void> {
    if (deliver) {
      await this.outbox.start();
      await this.alarms.start();
    }
    this.sealer.start();
    if (work) this.intake.start();
  }

  /** Items first, as they write events and effects; what was sealed last holds their events. */
  async close(): Promise<void> {
    await this.intake.close();
    await this.alarms.close();
    await this.outbox.close();
    await this.sealer.close();
    await this.sealer.seal();
  }
}

/** A match becomes a message to every webhook that wants to hear of it; and so do keywords. */
function tellWebhooks(webhooks: Webhooks): EnqueueMatch {
  return async (tx, { verdictId, eventId, item, itemRef, engine, appliedSeq, media, words }) => {
    const place =
      item === null
        ? { scan: verdictId, ...(itemRef === null ? {} : { itemRef }) }
        : { item: item.id, platform: item.platform, platformId: item.platformId };
    const subject = item === null ? `scan:${verdictId}` : `item:${item.id}`;
    const publish = async (part: string | number, message: WebhookMessage) => {
      await webhooks.publish(tx, { message, subject, key: `${verdictId}.${part}`, cause: eventId });
    };
    for (const { verdict, matches, total, ordinal } of media) {
      if (verdict !== 'match') continue;
      const medium = item === null ? {} : { medium: ordinal };
      await publish(ordinal, matchFound({ ...place, ...medium, engine, appliedSeq, matches: [...matches], total }));
    }
    if (words === undefined) return;
    const about = { ...place, engine, appliedSeq };
    const { links, linksTotal, review, reviewTotal } = words;
    if (linksTotal > 0) await publish('links', linkFound({ ...about, found: links, total: linksTotal }));
    if (reviewTotal > 0) await publish('review', reviewProposed({ ...about, found: review, total: reviewTotal }));
  };
}
