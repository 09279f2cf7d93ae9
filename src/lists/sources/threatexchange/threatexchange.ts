import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { baseUrlSchema } from '../../../net/base-url.js';
import type { DeltaSource, SourceFacts, SourceFeedback, SourceHouse, SourceKind, SourcePage } from '../source.js';
import { type Answer, ignore } from '../wire/ask.js';
import { type CursorPage, type CursorPosition, followCursor } from '../wire/follow-cursor.js';
import { forPeople, PageBuilder } from '../wire/page-builder.js';
import { readJson } from '../wire/read-json.js';
import { TwoClocks } from '../wire/source-clock.js';
import { Graph } from './graph.js';
import { threatExchangeChanges } from './threatexchange-records.js';

const settings = z.strictObject({
  privacyGroup: z
    .string()
    .regex(/^[0-9]{1,32}$/)
    .describe('Id of the privacy group whose signals are shared with you'),
  baseUrl: baseUrlSchema.default('https://graph.facebook.com/v21.0').describe('The graph and its version'),
  pageSize: z.number().int().min(1).max(1_000).default(500).describe('Updates that are asked for at once'),
});

const credentials = z.strictObject({
  appToken: z
    .string()
    .regex(/^[0-9]{8,32}\|[A-Za-z0-9_-]{16,200}$/)
    .describe('Access token of your app: its id, a vertical bar, its secret'),
});

const FIELDS = 'id,indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}';

const pageSchema = z.object({
  data: z.array(z.unknown()).max(20_000),
  paging: z.object({ next: z.string().max(20_000).nullish() }).nullish(),
});

const numeric = z
  .union([z.string(), z.number().int()])
  .transform(String)
  .pipe(z.string().regex(/^[0-9]{1,32}$/));
const descriptorsSchema = z.object({
  data: z
    .array(
      z.object({
        id: numeric,
        owner: z.object({ id: numeric }).nullish(),
        my_reactions: z.array(z.string()).nullish(),
      }),
    )
    .max(10_000),
});
const groupSchema = z.object({ name: z.string().nullish() });

/** Descriptors of one entry that we react to at most; it has one or a few. */
const REACTED_TO = 50;
/** Asked anew from so much before: something may come to be there a moment after the time that it bears. */
const OVERLAP_SECONDS = 60;

const REACTION = { confirmed: 'HELPFUL', refuted: 'NOT_HELPFUL' } as const;

/** Signals of one privacy group of ThreatExchange. An entry of ours is one indicator. */
class ThreatExchangeSource implements DeltaSource {
  readonly shape = 'delta';
  readonly #house: SourceHouse;
  readonly #graph: Graph;
  readonly #group: string;
  readonly #pageSize: number;

  constructor(chosen: z.infer<typeof settings>, { appToken }: z.infer<typeof credentials>, house: SourceHouse) {
    this.#house = house;
    this.#graph = new Graph(chosen.baseUrl, appToken, house);
    this.#group = chosen.privacyGroup;
    this.#pageSize = chosen.pageSize;
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    const read = (answer: Answer) => readJson(answer, groupSchema);
    const { name } = await this.#graph.ask(
      `/${this.#group}`,
      new URLSearchParams({ fields: 'name' }),
      { read },
      signal,
    );
    return { group: forPeople(name ?? this.#group) };
  }

  pull(checkpoint: unknown, signal: AbortSignal): AsyncIterable<SourcePage> {
    // It keeps withdrawals for ninety days; whoever comes later would never hear of them.
    const rules = {
      ...{ start: '0', cursorSeconds: 3_600, staleSeconds: 85 * 86_400 },
      ask: (position: CursorPosition, stop: AbortSignal) => this.#page(position, stop),
    };
    return followCursor(rules, checkpoint, this.#house, signal);
  }

  async #page({ since, cursor, reach, begun }: CursorPosition, signal: AbortSignal): Promise<CursorPage | undefined> {
    const path = `/${this.#group}/threat_updates/`;
    const from = Number(since) - OVERLAP_SECONDS;
    const first = { fields: FIELDS, limit: String(this.#pageSize), ...(from > 0 && { start_time: String(from) }) };
    const query = cursor === undefined ? new URLSearchParams(first) : new URLSearchParams(cursor);
    const read = async (answer: Answer): Promise<CursorPage | undefined> => {
      const { data, paging } = await readJson(answer, pageSchema);
      const builder = new PageBuilder();
      const { latest, newest } = threatExchangeChanges(data, builder);
      const next = paging?.next ? this.#graph.nextQuery(paging.next, path) : undefined;
      // One record with a time to come must not take us past all that is entered until then.
      const { earlier } = new TwoClocks(answer.sourceNow, this.#house.now());
      const far = Math.max(Number(since), Number(reach ?? 0), Math.min(newest, begun ?? earlier));
      return { changes: latest.changes, builder, next, reach: String(far), earlier };
    };
    return await this.#graph.ask(
      path,
      query,
      { read },
      signal,
      cursor === undefined ? undefined : { value: undefined },
    );
  }

  async feedback({ entryId, opinion }: SourceFeedback, signal: AbortSignal): Promise<void> {
    if (!numeric.safeParse(entryId).success) throw new VigieError('feedback-not-taken', { detail: 'no id of theirs' });
    const reaction = REACTION[opinion];
    const opposite = REACTION[opinion === 'confirmed' ? 'refuted' : 'confirmed'];
    const query = new URLSearchParams({ fields: 'id,owner{id},my_reactions' });
    const read = (answer: Answer) => readJson(answer, descriptorsSchema);
    const { data } = await this.#graph.ask(`/${entryId}/descriptors`, query, { read }, signal);
    // One's own descriptor says itself what one thinks.
    const others = data.filter(({ owner }) => owner?.id !== this.#graph.app).slice(0, REACTED_TO);
    if (others.length === 0) throw new VigieError('feedback-not-taken', { detail: 'nobody else says so' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const { id, my_reactions: mine } of others) {
      const body = new URLSearchParams();
      if (!mine?.includes(reaction)) body.set('reactions', reaction);
      if (mine?.includes(opposite)) body.set('reactions_to_remove', opposite);
      if (body.size === 0) continue;
      const question = { method: 'POST', headers, body: body.toString(), read: ignore } as const;
      await this.#graph.ask(`/${id}/`, new URLSearchParams(), question, signal);
    }
  }
}

/** Meta's ThreatExchange, where GIFCT and Lantern share their signals. */
export const threatexchange: SourceKind<z.infer<typeof settings>, z.infer<typeof credentials>> = {
  kind: 'threatexchange',
  title: 'Meta ThreatExchange',
  description: 'Signals that platforms share with each other in a privacy group, such as those of Lantern and GIFCT.',
  settings,
  credentials,
  everySeconds: 900,
  staleSeconds: 7 * 86_400,
  open: (chosen, given, house) => new ThreatExchangeSource(chosen, given, house),
};
