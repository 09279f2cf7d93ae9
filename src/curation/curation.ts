import { VigieError } from '../errors.js';
import type { Lists } from '../lists/lists.js';
import type { GuardedClient } from '../net/guarded-client.js';
import { findVerdict } from '../storage/curation/judgement-store.js';
import type { Database } from '../storage/database.js';
import { type EntryStatusFilter, listEntryStatuses } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Keyring } from '../storage/keyring.js';
import { getList } from '../storage/list-store.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import { ConfirmedMedia } from './confirmed-medium.js';
import { Derivations, PROOFS } from './derivations.js';
import { Enrichment } from './enrichment.js';
import { type MediumSignals, type SignalTools, signalsOf } from './entry-signals.js';
import { type Judged, type JudgementDraft, Judgements } from './judgements.js';
import { type KnownEntry, knownAlready } from './known-already.js';
import { Proposals } from './proposals.js';
import { type FeedbackRoute, SourceFeedbacks } from './source-feedback.js';

export interface CurationOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly lists: Lists;
  readonly record: RecordEvent;
  readonly outbox: Outbox;
  readonly client: GuardedClient;
  readonly route: FeedbackRoute;
  readonly tools: SignalTools;
  /** Whether a source feeds a list. */
  readonly hasSource: (listId: string) => Promise<boolean>;
}

/** What became of the perceptual hash of a confirmed medium: a proposal, nothing to add, or why there is none. */
export interface DerivedFate {
  readonly state: 'proposed' | 'not-needed' | 'not-had';
  readonly proposal: string | null;
  /** Code of the error for which it was not had. */
  readonly reason: string | null;
}

/** What people do to lists and to what lists have found. */
export class Curation {
  readonly proposals: Proposals;
  readonly derivations: Derivations;
  readonly enrichment: Enrichment;
  readonly #options: CurationOptions;
  readonly #judgements: Judgements;
  readonly #media: ConfirmedMedia;

  constructor(options: CurationOptions) {
    const { database, keyring, lists, record, outbox, client, route } = options;
    this.#options = options;
    this.proposals = new Proposals({ database, keyring, lists, record });
    this.derivations = new Derivations({ ...options, proposals: this.proposals });
    this.enrichment = new Enrichment({ ...options, proposals: this.proposals });
    const feedbacks = new SourceFeedbacks(outbox, route);
    this.#judgements = new Judgements({ database, lists, record, feedbacks });
    this.#media = new ConfirmedMedia(database, keyring, client);
  }

  /**
   * Judges a match. Of a medium that is confirmed by an exact hash or PhotoDNA, and can be fetched again, the
   * perceptual hash is proposed for the entry.
   * @throws VigieError `verdict-not-found`, `match-not-found`, `list-not-found`
   */
  async judge(draft: JudgementDraft, signal: AbortSignal): Promise<Judged & { readonly derived: DerivedFate }> {
    const judged = await this.#judgements.judge(draft);
    const proof = (PROOFS as readonly string[]).includes(judged.match.signal);
    if (draft.opinion === 'refuted' || !proof) return { ...judged, derived: NOT_NEEDED };
    return { ...judged, derived: await this.#derive(draft, judged, signal) };
  }

  /** @throws VigieError as `signalsOf`, and why a medium of an item cannot be had */
  async signalsOf(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<MediumSignals> {
    return await signalsOf(source, this.#options.tools, signal);
  }

  /**
   * Hashes a medium of an item anew, for an entry of a list of our own.
   * @throws VigieError `verdict-not-found`; `medium-gone` and why else it cannot be had; as `signalsOf`
   */
  async signalsOfVerdict(verdict: string, medium: number, signal: AbortSignal): Promise<MediumSignals> {
    const stored = await findVerdict(this.#options.database.db, verdict, VERDICT_DAYS);
    if (stored === undefined) throw new VigieError('verdict-not-found');
    return await this.#media.read(stored.itemId, medium, signal, (source) => this.signalsOf(source, signal));
  }

  /** What the lists know already of some signals. */
  async known(signals: MediumSignals['signals']): Promise<{ total: number; entries: readonly KnownEntry[] }> {
    return await knownAlready(this.#options.lists, signals);
  }

  /**
   * What people, rules and the guard against floods said of entries last; of what sources say, when it is asked for.
   * @throws VigieError `list-not-found`
   */
  async statuses({ list, ...filter }: Omit<EntryStatusFilter, 'listId'> & { readonly list?: string | undefined }) {
    const { db } = this.#options.database;
    const listId = list === undefined ? undefined : (await getList(db, list)).id;
    return await listEntryStatuses(db, { ...filter, listId });
  }

  /** The judgement stands whether or not this succeeds. */
  async #derive(
    { verdict, list, entry, reason, by }: JudgementDraft,
    { itemId, match }: Judged,
    signal: AbortSignal,
  ): Promise<DerivedFate> {
    try {
      const proposal = await this.#media.read(itemId, match.medium, signal, (source) =>
        this.derivations.propose({ list, entry, source, reason, verdict, by, signal }),
      );
      return proposal === undefined ? NOT_NEEDED : { state: 'proposed', proposal, reason: null };
    } catch (error) {
      signal.throwIfAborted();
      const { code } = VigieError.from(error);
      return { state: 'not-had', proposal: null, reason: code };
    }
  }
}

/** Verdicts are kept no longer. */
const VERDICT_DAYS = 400;

const NOT_NEEDED: DerivedFate = { state: 'not-needed', proposal: null, reason: null };
