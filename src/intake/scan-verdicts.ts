import type { Verdict } from '../scan/verdict.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { randomId } from '../storage/random-id.js';
import type { VerdictStore } from '../storage/verdicts/verdict-store.js';
import type { EnqueueMatch } from './intake-parts.js';
import { mediumDetail, type VerdictDetail } from './verdict-detail.js';

export interface ScanVerdictsOptions {
  readonly verdicts: VerdictStore;
  readonly record: RecordEvent;
  readonly enqueueMatch: EnqueueMatch;
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
}
