import { ENGINE } from '../engine.js';
import type { Verdict } from '../scan/verdict.js';
import type { WordsVerdict } from '../scan/words/words-verdict.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { randomId } from '../storage/random-id.js';
import type { Tx } from '../storage/schema.js';
import type { VerdictStore } from '../storage/verdicts/verdict-store.js';
import { combineVerdicts } from './combine-verdicts.js';
import type { EnqueueMatch, RaiseAttention } from './intake-parts.js';
import { reviewAttention } from './review-attention.js';
import { mediumDetail, type VerdictDetail, wordsDetail } from './verdict-detail.js';

export interface ScanVerdictsOptions {
  readonly verdicts: VerdictStore;
  readonly record: RecordEvent;
  readonly enqueueMatch: EnqueueMatch;
  readonly raiseAttention: RaiseAttention;
  readonly node: string;
}

/** Keeps the verdicts on media that were handed in by themselves: they count, and a match has its event and its effects. */
export class ScanVerdicts {
  readonly #options: ScanVerdictsOptions;

  constructor(options: ScanVerdictsOptions) {
    this.#options = options;
  }

  /**
   * Stores a verdict before it is told.
   * @param by id of the principal who asked
   * @returns the id of the verdict, which the event and the webhooks of a match call the scan
   * @throws VigieError of the database: then the verdict must not be told as if it were kept
   */
  async keep(
    verdict: Verdict,
    { by, itemRef }: { readonly by: string; readonly itemRef?: string | undefined },
  ): Promise<string> {
    const { verdicts, record, enqueueMatch, node } = this.#options;
    const id = randomId();
    const at = new Date();
    const surface = 'public';
    const media = [mediumDetail(0, verdict)];
    const detail: VerdictDetail = { media };
    const { verdict: word, reason, engine, appliedSeq, total: matches } = verdict;
    const milliseconds = verdict.ms['total'] ?? 0;
    const row = {
      id,
      itemId: null,
      medium: 0,
      verdict: word,
      reason,
      detail,
      engine,
      appliedSeq,
      node,
      surface,
    } as const;
    const written = { ...row, milliseconds, at };
    if (word !== 'match') {
      await verdicts.write(written);
      return id;
    }
    await verdicts.write(written, async (tx) => {
      const refs = { verdict: id, matches };
      const payload = { media, itemRef: itemRef ?? null };
      const eventId = await record(tx, { kind: 'scan.matched', actor: by, subject: `scan:${id}`, refs, payload });
      await enqueueMatch(tx, {
        verdictId: id,
        eventId,
        item: null,
        itemRef: itemRef ?? null,
        surface,
        at,
        engine,
        appliedSeq,
        media,
      });
    });
    return id;
  }

  /**
   * Stores a verdict on words and links that were handed in by themselves, before it is told.
   * @param words undefined when no list says anything of words
   * @returns the id of the verdict
   * @throws VigieError of the database
   */
  async keepWords(
    words: WordsVerdict | undefined,
    {
      by,
      itemRef = null,
      appliedSeq,
    }: { readonly by: string; readonly itemRef?: string | undefined | null; readonly appliedSeq: number },
  ): Promise<string> {
    const { verdicts, record, enqueueMatch, raiseAttention, node } = this.#options;
    const id = randomId();
    const at = new Date();
    const found = words && wordsDetail(words);
    const detail: VerdictDetail = { media: [], ...(found === undefined ? {} : { words: found }) };
    const { verdict, reason } = combineVerdicts([], found);
    const about = { id, itemId: null, medium: 0, verdict, reason, detail, node, surface: 'public' } as const;
    const written = { ...about, engine: ENGINE, appliedSeq, milliseconds: found?.ms ?? 0, at };
    if (found === undefined || found.linksTotal + found.reviewTotal === 0) {
      await verdicts.write(written);
      return id;
    }
    const alongside = async (tx: Tx) => {
      const who = { actor: by, subject: `scan:${id}`, payload: { words: found, itemRef } };
      const eventId =
        verdict === 'match'
          ? await record(tx, { kind: 'scan.matched', ...who, refs: { verdict: id, matches: found.linksTotal } })
          : await record(tx, {
              kind: 'scan.review-proposed',
              ...who,
              refs: { verdict: id, entries: found.reviewTotal },
            });
      const told = { verdictId: id, eventId, item: null, itemRef, surface: 'public', at, media: [] } as const;
      await enqueueMatch(tx, { ...told, engine: ENGINE, appliedSeq, words: found });
    };
    await verdicts.write(written, alongside, reviewAttention(raiseAttention, found).last);
    return id;
  }
}
