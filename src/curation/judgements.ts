import { VigieError } from '../errors.js';
import type { Lists } from '../lists/lists.js';
import type { SourceFeedback } from '../lists/sources/source.js';
import { signalType } from '../signals/signal-types.js';
import { findVerdict, putJudgement } from '../storage/curation/judgement-store.js';
import type { Database } from '../storage/database.js';
import { findEntryStatuses, setEntryStatus } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { getList, lockList } from '../storage/list-store.js';
import { randomId } from '../storage/random-id.js';
import type { MatchOpinion, Tx } from '../storage/schema.js';
import type { FeedbackFate, SourceFeedbacks } from './source-feedback.js';
import { type JudgedMatch, matchesOf } from './stored-match.js';

export interface JudgementsOptions {
  readonly database: Database;
  readonly lists: Lists;
  readonly record: RecordEvent;
  readonly feedbacks: SourceFeedbacks;
  /** Days for which verdicts are kept. */
  readonly keepDays?: number;
}

export interface JudgementDraft {
  /** Id of the verdict. */
  readonly verdict: string;
  readonly list: string;
  readonly entry: string;
  readonly opinion: MatchOpinion;
  readonly reason: string;
  /** Id of the principal. */
  readonly by: string;
}

export interface Judged {
  readonly match: JudgedMatch;
  /** The item that the verdict is of; null for a medium that was handed in by itself. */
  readonly itemId: string | null;
  /** Whether the entry is noted as disputed by it. */
  readonly disputed: boolean;
  readonly feedback: FeedbackFate;
}

const KEEP_DAYS = 400;

/** What people say of matches: it goes back to where the entry came from, and a refuted entry is disputed. */
export class Judgements {
  readonly #options: JudgementsOptions;

  constructor(options: JudgementsOptions) {
    this.#options = options;
  }

  /**
   * Takes down that a match is what the entry says, or that it is not. Judging it again replaces what was said.
   * @throws VigieError `verdict-not-found`, `match-not-found`, `list-not-found`
   */
  async judge({ verdict, list: name, entry, opinion, reason, by }: JudgementDraft): Promise<Judged> {
    const { database, record, feedbacks, keepDays = KEEP_DAYS } = this.#options;
    const stored = await findVerdict(database.db, verdict, keepDays);
    if (stored === undefined) throw new VigieError('verdict-not-found');
    const match = matchesOf(stored.detail).find((each) => each.list === name && each.entry === entry);
    if (match === undefined) throw new VigieError('match-not-found');
    const { id: listId } = await getList(database.db, name);
    const value = await this.#valueOf(name, entry, match.signal);
    const feedback = value && ({ entryId: entry, opinion, ...value } satisfies SourceFeedback);
    return await database.transaction(async (tx) => {
      await lockList(tx, listId);
      const { medium, signal, shadow } = match;
      await putJudgement(tx, { id: randomId(), listId, entry, verdict, medium, opinion, signal, shadow, reason, by });
      const cause = await record(tx, {
        ...{ kind: 'match.judged', actor: by, subject: `list:${listId}` },
        refs: { verdict, list: listId, opinion, shadow },
        payload: { entry, reason },
      });
      const told = await feedbacks.enqueue(tx, listId, feedback, cause);
      const fate = told === 'not-taken' && feedback === undefined ? 'entry-gone' : told;
      const disputed = opinion === 'refuted' && (await this.#dispute(tx, listId, entry, reason, by));
      return { match, itemId: stored.itemId, disputed, feedback: fate };
    });
  }

  /** The signal that matched, as its source knows it: one of ours means nothing to it. Undefined when the entry is gone. */
  async #valueOf(list: string, entryId: string, type: string): Promise<{ signal: string; value: string } | undefined> {
    try {
      const { entry } = await this.#options.lists.entry(list, entryId);
      const own = entry.signals.filter(({ derived }) => derived !== true);
      const found = own.find((each) => each.type === type) ?? own[0];
      if (found === undefined) return undefined;
      return { signal: found.type, value: signalType(found.type).format(found.value) };
    } catch (error) {
      if (error instanceof VigieError && GONE.has(error.code)) return undefined;
      throw error;
    }
  }

  /** Notes the doubt where nobody has noted or decided anything: what was withdrawn must not come back by it. */
  async #dispute(tx: Tx, listId: string, entry: string, reason: string, by: string): Promise<boolean> {
    const said = (await findEntryStatuses(tx, listId, [entry])).find(({ origin }) => origin === 'person');
    if (said !== undefined && said.status !== 'active') return said.status === 'disputed';
    await this.#options.record(tx, {
      ...{ kind: 'entry.status-changed', actor: by, subject: `list:${listId}` },
      refs: { list: listId, status: 'disputed', count: 1 },
      payload: { entries: [entry], reason },
    });
    const disputed = { status: 'disputed', reason, changedBy: by, origin: 'person' } as const;
    await setEntryStatus(tx, { listId, entryIds: [entry], ...disputed });
    return true;
  }
}

const GONE: ReadonlySet<string> = new Set(['entry-not-found', 'index-not-loaded', 'segment-closed']);
