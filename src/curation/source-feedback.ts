import { z } from 'zod';
import type { SourceFeedback } from '../lists/sources/source.js';
import { noteSourceOpinion } from '../storage/curation/judgement-store.js';
import type { EffectKind } from '../storage/outbox/effect-kind.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import type { Db, Tx } from '../storage/schema.js';

const KIND = 'source-feedback';
const TIME_LIMIT = 30_000;

/** Where what we think of an entry goes. */
export interface FeedbackRoute {
  /** The source that a list comes from; undefined when it has none. */
  sourceOf(db: Db, listId: string): Promise<{ readonly id: string; readonly takesFeedback: boolean } | undefined>;
  /** Tells a source; telling twice does no harm. @throws VigieError of the source */
  send(sourceId: string, feedback: SourceFeedback, signal: AbortSignal): Promise<void>;
}

/** What becomes of a judgement at the source: it is told, knows it already, takes no feedback, or there is none. */
export type FeedbackFate = 'queued' | 'known' | 'not-taken' | 'no-source' | 'entry-gone';

const payloadSchema = z
  .object({
    source: z.string(),
    list: z.string(),
    feedback: z.object({
      entryId: z.string(),
      opinion: z.enum(['confirmed', 'refuted']),
      signal: z.string(),
      value: z.string(),
    }),
  })
  .strict();
type Payload = z.infer<typeof payloadSchema>;

/** Confirmed and refuted matches on their way back to the sources that the entries came from. Registers its kind of effect. */
export class SourceFeedbacks {
  readonly #outbox: Outbox;
  readonly #route: FeedbackRoute;

  constructor(outbox: Outbox, route: FeedbackRoute) {
    this.#outbox = outbox;
    this.#route = route;
    outbox.register(this.#kind());
  }

  /**
   * Queues what a source is to be told, as a part of the transaction. The same of the same entry is told once, however
   * many of its matches are judged; a change of mind is told again.
   * @param cause id of the event that it follows from
   */
  async enqueue(
    tx: Tx,
    listId: string,
    feedback: SourceFeedback | undefined,
    cause: string,
  ): Promise<Exclude<FeedbackFate, 'entry-gone'>> {
    const source = await this.#route.sourceOf(tx, listId);
    if (source === undefined) return 'no-source';
    if (!source.takesFeedback || feedback === undefined) return 'not-taken';
    const { entryId, opinion } = feedback;
    const round = await noteSourceOpinion(tx, listId, entryId, opinion);
    if (round === undefined) return 'known';
    await this.#outbox.enqueue(tx, {
      kind: KIND,
      // In order by entry: a source that has lost one entry must not keep back what it is told of all others.
      subject: `source:${source.id}/${listId}/${entryId}`,
      idempotencyKey: `${KIND} ${source.id} ${listId} ${entryId} ${round} ${opinion}`,
      payload: { source: source.id, list: listId, feedback: { ...feedback } } satisfies Payload,
      cause,
    });
    return 'queued';
  }

  #kind(): EffectKind<Payload> {
    return {
      kind: KIND,
      schema: payloadSchema,
      timeLimit: TIME_LIMIT,
      check: async (db, { list, source }) => {
        const now = await this.#route.sourceOf(db, list);
        if (now?.id !== source) return { drop: 'source-removed' };
        return now.takesFeedback ? 'go' : { drop: 'source-takes-no-feedback' };
      },
      deliver: ({ source, feedback }, { signal }) => this.#route.send(source, feedback, signal),
    };
  }
}
