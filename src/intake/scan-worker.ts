import { ENGINE } from '../engine.js';
import { VigieError } from '../errors.js';
import { inOrder } from '../runtime/in-order.js';
import { Slots } from '../runtime/slots.js';
import type { Scanner } from '../scan/scanner.js';
import type { Verdict } from '../scan/verdict.js';
import { type KnownWords, lookAtWords } from '../scan/words/look-at-words.js';
import type { WordsVerdict } from '../scan/words/words-verdict.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { Gather } from '../storage/gather.js';
import { readItems, type StoredItem } from '../storage/items/item-rows.js';
import type { Keyring } from '../storage/keyring.js';
import { randomId } from '../storage/random-id.js';
import type { Surface, Tx } from '../storage/schema.js';
import type { Told, VerdictRecord } from '../storage/verdicts/verdict-record.js';
import type { VerdictStore } from '../storage/verdicts/verdict-store.js';
import type { Work } from '../storage/work/work-stream.js';
import { combineVerdicts } from './combine-verdicts.js';
import type { EnqueueMatch, FetchFromPlatform, FollowVerdict, LookFurther, RaiseAttention } from './intake-parts.js';
import { type ItemContent, type ItemMedium, wordsOf } from './item-draft.js';
import type { ItemMedia } from './item-media.js';
import type { PrivateSurfaces } from './private-surfaces.js';
import { NO_VERDICT, retryAfter } from './retry-policy.js';
import { reviewAttention } from './review-attention.js';
import { openContent } from './sealed-content.js';
import {
  type MediumDetail,
  mediumDetail,
  notLookedAt,
  type VerdictDetail,
  type WordsDetail,
  wordsDetail,
} from './verdict-detail.js';

export interface ScanWorkerOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly scanner: Scanner;
  /** The lists of URLs and keywords; without, words and links are not looked at. */
  readonly words?: KnownWords | undefined;
  readonly verdicts: VerdictStore;
  readonly media: ItemMedia;
  /** Fetches what only the connection to a platform can. */
  readonly fetch?: FetchFromPlatform | undefined;
  readonly privateSurfaces: PrivateSurfaces;
  readonly record: RecordEvent;
  readonly enqueueMatch: EnqueueMatch;
  /** What follows from any verdict, on the platform and in the house. */
  readonly followVerdict?: FollowVerdict | undefined;
  /** Told of what no list knows, once its verdict is stored. */
  readonly lookFurther?: LookFurther | undefined;
  readonly raiseAttention: RaiseAttention;
  /** Name of this node, for the provenance of its verdicts. */
  readonly node: string;
  /** Media that are in memory at once; other items under way wait for the database. */
  readonly scansAtOnce: number;
  /** Told of the verdict on the words of an item, for the figures. */
  readonly countedWords?: (verdict: WordsDetail) => void;
  /** Told of the verdict on each medium of an item whose verdict was stored, for the figures. */
  readonly counted?: (
    verdict: Pick<MediumDetail, 'verdict' | 'reason' | 'ms' | 'withoutEffect'>,
    surface: Surface,
  ) => void;
  readonly now?: () => Date;
  readonly random?: () => number;
}

/** Media of one item that are looked at together. */
const MEDIA_AT_ONCE = 2;
const GO_BACK_MS = 2_000;
/** An item that was delivered so often without an end brings its node down. */
const MOST_DELIVERIES = 50;

interface Looked {
  readonly jurisdiction: string | null;
  readonly media: readonly MediumDetail[];
  readonly words?: WordsDetail;
  readonly appliedSeq: number;
  readonly digests: ReadonlyMap<number, Uint8Array>;
  /** When the last medium was there. */
  readonly fetchedAt: Date;
}

/** Takes an item from the stream to its verdict. */
export class ScanWorker {
  readonly #options: ScanWorkerOptions;
  readonly #items: Gather<string, StoredItem | undefined>;
  readonly #slots: Slots;

  constructor(options: ScanWorkerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.scansAtOnce);
    this.#items = new Gather({ act: (ids) => readItems(options.database.db, ids), gatherMs: 0, patienceMs: 5_000 });
  }

  /**
   * Looks at an item, stores its verdict with all that follows from it, and only then ends the work. What cannot be
   * done now goes back to the stream. Delivering the same work again, or to several at once, changes nothing.
   * @throws what keeps the work from being ended or given back: it is delivered again when its lease is over
   */
  async handle(work: Work, signal: AbortSignal): Promise<void> {
    try {
      const item = await this.#items.add(work.id);
      if (item === undefined || item.state !== 'waiting') return await work.ack();
      await this.#tell(work, item, await this.#look(work, item, signal));
    } catch (error) {
      if (signal.aborted) return await work.retry(0);
      if (!NO_VERDICT.has(VigieError.from(error).code)) throw error;
      await work.retry(GO_BACK_MS);
    }
  }

  /** Waits for what is being read. */
  async close(): Promise<void> {
    await this.#items.close();
  }

  async #look(work: Work, item: StoredItem, signal: AbortSignal): Promise<Looked> {
    const { now = () => new Date() } = this.#options;
    const begun = now().getTime();
    const digests = new Map<number, Uint8Array>();
    const nothing = (reason: string): Looked => {
      return {
        ...{ jurisdiction: null, media: [notLookedAt(0, reason)], appliedSeq: 0 },
        ...{ digests, fetchedAt: new Date(begun) },
      };
    };
    if (work.attempt > MOST_DELIVERIES) return nothing('internal');
    const content = this.#open(item);
    if (content === undefined) return nothing('seal-damaged');
    // The switch may have been put off, or have run out, since the item was taken in.
    if (!(await this.#options.privateSurfaces.allows(item.surface, content.jurisdiction))) {
      return nothing('surface-private');
    }
    const media: MediumDetail[] = [];
    let appliedSeq = this.#options.scanner.appliedSeq;
    const look = (medium: ItemMedium, ordinal: number) =>
      this.#lookAt(item, medium, ordinal, signal, (sha256) => digests.set(ordinal, sha256));
    const ordinals = content.media.map((medium, ordinal) => ({ medium, ordinal }));
    for await (const [detail, seq] of inOrder(ordinals, MEDIA_AT_ONCE, (each) => look(each.medium, each.ordinal))) {
      media.push(detail);
      appliedSeq = Math.min(appliedSeq, seq ?? appliedSeq);
    }
    const read = media.reduce((most, { ms }) => Math.max(most, ms['read'] ?? 0), 0);
    const { jurisdiction } = content;
    const looked = { jurisdiction, media, digests, fetchedAt: new Date(begun + read) };
    const words = await this.#readWords(content, signal);
    if (words === undefined) return { ...looked, appliedSeq };
    return { ...looked, words: wordsDetail(words), appliedSeq: Math.min(appliedSeq, words.appliedSeq) };
  }

  async #readWords(content: ItemContent, signal: AbortSignal): Promise<WordsVerdict | undefined> {
    const { words } = this.#options;
    if (words === undefined) return undefined;
    try {
      return await lookAtWords(words, wordsOf(content), signal);
    } catch (error) {
      const { code } = VigieError.from(error);
      if (signal.aborted || NO_VERDICT.has(code)) throw error;
      const nothing = { links: [], linksTotal: 0, review: [], reviewTotal: 0, ms: 0 };
      return { verdict: 'could-not-tell', reason: code, ...nothing, appliedSeq: words.appliedSeq };
    }
  }

  #open(item: StoredItem): ItemContent | undefined {
    try {
      return openContent(this.#options.keyring, item.id, item.sealed);
    } catch (error) {
      if (VigieError.from(error).code !== 'seal-damaged') throw error;
      return undefined;
    }
  }

  async #lookAt(
    item: StoredItem,
    medium: ItemMedium,
    ordinal: number,
    signal: AbortSignal,
    onDigest: (sha256: Uint8Array) => void,
  ): Promise<[MediumDetail, number?]> {
    try {
      const scan = (leave: () => void) => this.#scan(item, medium, ordinal, { signal, onDigest, onVideo: leave });
      const verdict = await this.#slots.with(signal, scan);
      return [mediumDetail(ordinal, verdict), verdict.appliedSeq];
    } catch (error) {
      const { code } = VigieError.from(error);
      if (signal.aborted || NO_VERDICT.has(code)) throw error;
      return [notLookedAt(ordinal, code)];
    }
  }

  async #scan(
    item: StoredItem,
    medium: ItemMedium,
    ordinal: number,
    told: {
      readonly signal: AbortSignal;
      readonly onDigest: (sha256: Uint8Array) => void;
      /** Videos wait for decoders of their own; pictures are not to wait behind them. */
      readonly onVideo: () => void;
    },
  ): Promise<Verdict> {
    const { scanner, media } = this.#options;
    // File ids are the platform's, and each platform has its own.
    const fileId = medium.fileId === null ? undefined : JSON.stringify([item.platform, medium.fileId]);
    const request = { ...told, fileId, public: item.surface === 'public', of: { item: item.id, ordinal } };
    if (fileId !== undefined && scanner.cache.byFileId(fileId) !== undefined) {
      return await scanner.scan(new Uint8Array(), request);
    }
    const blob = item.blobs.get(ordinal);
    if (blob !== undefined) return await scanner.scan(await media.read(blob), { ...request, atHand: true });
    if (medium.url !== null) return await scanner.scanUrl(medium.url, request);
    const { fetch } = this.#options;
    if (medium.ref === undefined || fetch === undefined) throw new VigieError('blob-not-found');
    return await scanner.scan(await fetch(item.platform, medium.ref, told.signal), request);
  }

  async #tell(work: Work, item: StoredItem, looked: Looked): Promise<void> {
    const { verdicts, node, random = Math.random, now = () => new Date() } = this.#options;
    const combined = combineVerdicts(looked.media, looked.words);
    const { verdict, reason } = combined;
    const closed = reason === 'surface-private';
    if (verdict === 'could-not-tell' && !closed) {
      const told = [...looked.media, ...(looked.words === undefined ? [] : [looked.words])];
      const pause = longestPause(told, work.attempt, random);
      if (pause !== undefined) return await work.retry(pause);
    }
    const { media, words } = looked;
    const detail: VerdictDetail = { media, ...(words === undefined ? {} : { words }) };
    const milliseconds = media.reduce((sum, { ms }) => sum + (ms['total'] ?? 0), words?.ms ?? 0);
    const { appliedSeq } = looked;
    const { id: itemId, surface } = item;
    const at = now();
    const told = { id: randomId(), itemId, ...combined, detail, engine: ENGINE, appliedSeq, node, surface, at };
    const kept = new Set<string>();
    // What must not be looked at is not kept to be looked at later.
    const moves = verdict === 'could-not-tell' && !closed ? 'set-aside' : 'told';
    const follows = this.#follows(item, looked, told, kept);
    const stored = await verdicts.tell({
      verdict: { ...told, milliseconds },
      moves,
      work,
      ...follows,
    });
    if (stored) for (const medium of media) this.#options.counted?.(medium, surface);
    if (stored && words !== undefined) this.#options.countedWords?.(words);
    await work.ack();
    if (!stored || moves !== 'told') return;
    const release = () => this.#options.media.drop([...item.blobs.values()].filter((blob) => !kept.has(blob)));
    const further = verdict === 'no-match' ? this.#options.lookFurther : undefined;
    if (!further?.({ item, verdictId: told.id, at, media }, release)) await release();
  }

  /** What must happen in the same transaction: the event and the effects of a match, the attention for what could not be told. */
  #follows(
    item: StoredItem,
    looked: Looked,
    {
      id: verdictId,
      verdict,
      reason,
      medium,
      at,
    }: ReturnType<typeof combineVerdicts> & Pick<VerdictRecord, 'id' | 'at'>,
    kept: Set<string>,
  ): Pick<Told, 'copies' | 'alongside' | 'last'> {
    const { media, words, appliedSeq } = looked;
    const reviewed = (words?.reviewTotal ?? 0) > 0;
    const { record, enqueueMatch, raiseAttention, followVerdict, node } = this.#options;
    const { id, platform, platformId, accountId, room, surface, lane, receivedAt, seenAt, album, blobs } = item;
    const { jurisdiction, digests, fetchedAt } = looked;
    const { copies = [], within } =
      followVerdict?.({
        ...{ verdictId, verdict, reason, surface, at, engine: ENGINE, appliedSeq, media, words },
        item: { id, platform, platformId, accountId, room, jurisdiction, lane, receivedAt, seenAt, album },
        ...{ fetchedAt, digests, blobs },
      }) ?? {};
    const follow = async (tx: Tx, eventId: string | null): Promise<void> => {
      for (const blob of (await within?.(tx, eventId)) ?? []) kept.add(blob);
    };
    if (verdict === 'no-match' && !reviewed) {
      return within === undefined ? { copies } : { copies, alongside: (tx) => follow(tx, null) };
    }
    const subject = `item:${item.id}`;
    const actor = `node:${node}`;
    if (verdict !== 'could-not-tell') {
      const alongside = async (tx: Tx) => {
        const matches = media.reduce((sum, { total }) => sum + total, words?.linksTotal ?? 0);
        const refs = { item: item.id, verdict: verdictId };
        const payload = { media, ...(words === undefined ? {} : { words }) };
        const eventId =
          verdict === 'match'
            ? await record(tx, { kind: 'item.matched', actor, subject, refs: { ...refs, matches }, payload })
            : await record(tx, {
                ...{ kind: 'item.review-proposed', actor, subject, payload },
                refs: { ...refs, entries: words?.reviewTotal ?? 0 },
              });
        const about = { id, platform, platformId, accountId, room, lane, receivedAt };
        const told = {
          verdictId,
          eventId,
          item: about,
          itemRef: null,
          surface,
          at,
          engine: ENGINE,
          appliedSeq,
          media,
          words,
        };
        await follow(tx, eventId);
        await enqueueMatch(tx, told);
      };
      return { copies, alongside, ...reviewAttention(raiseAttention, words) };
    }
    const format = media.find(({ ordinal }) => ordinal === medium)?.format ?? 'unknown';
    const why = reason ?? 'internal';
    const replayable = why === 'surface-private' ? [] : [item.id];
    const cause = `${why}/${format}`;
    const detail = { reason: why, format };
    const attention = { kind: 'could-not-tell', cause, subject: 'service', detail, items: replayable } as const;
    return {
      copies,
      alongside: async (tx) => {
        const refs = { item: item.id, reason: why };
        await follow(tx, await record(tx, { kind: 'item.set-aside', actor, subject, refs }));
      },
      last: { order: cause, act: (tx) => raiseAttention(tx, attention) },
    };
  }
}

/** An item waits for the medium that takes longest to come back; one that never will does not hold up the others' tries. */
function longestPause(
  told: readonly Pick<MediumDetail | WordsDetail, 'verdict' | 'reason'>[],
  attempt: number,
  random: () => number,
): number | undefined {
  const pauses = told
    .filter(({ verdict }) => verdict === 'could-not-tell')
    .map(({ reason }) => retryAfter(reason ?? 'internal', attempt, random()))
    .filter((pause) => pause !== undefined);
  return pauses.length === 0 ? undefined : Math.max(...pauses);
}
