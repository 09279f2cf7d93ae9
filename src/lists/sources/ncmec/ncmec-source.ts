import { VigieError } from '../../../errors.js';
import type { DeltaSource, SourceFacts, SourceFeedback, SourceHouse, SourcePage } from '../source.js';
import { type Answer, ask, ignore, isQuestionRefused, type Question } from '../wire/ask.js';
import { CircleGuard } from '../wire/circle-guard.js';
import { forPeople, PageBuilder } from '../wire/page-builder.js';
import { readXml } from '../wire/read-xml.js';
import { TwoClocks } from '../wire/source-clock.js';
import { addNcmecChanges, splitNcmecEntryId } from './ncmec-changes.js';
import { feedbackBody, type NcmecReason, reasonFor } from './ncmec-feedback.js';
import { NCMEC_FEEDBACK_TYPES } from './ncmec-fingerprints.js';
import { formatNcmecTime } from './ncmec-times.js';
import {
  checkNext,
  estimateRecords,
  isNextStale,
  type NcmecPosition,
  type NcmecWindow,
  readNcmecPosition,
} from './ncmec-window.js';
import { type NcmecPage, readNcmecPage } from './read-ncmec-page.js';

/** A window ends so many seconds before the source's now: entries of the last ones may still be on their way. */
const END_SECONDS = 5;
/** Windows overlap by so much, so that nothing is lost whichever of their ends is part of them. */
const OVERLAP_SECONDS = 1;
/** Times that a window is begun anew in one pull because its `next` was refused. */
const NEW_BEGINNINGS = 3;

export interface NcmecOptions {
  /** The environment's address, without a slash at its end. */
  readonly base: string;
  readonly username: string;
  readonly password: string;
  /** Empty: everybody's entries are taken. */
  readonly onlyMembers: ReadonlySet<string>;
  /** Guid or name of the reason that is given for a refutation; the first that fits when it is not offered. */
  readonly refutedReason: string | undefined;
  /** Records that a window should have at most; the next ones are made shorter when they have more. */
  readonly largestWindow?: number;
}

/**
 * NCMEC's hash sharing, version 2, or whatever speaks it: XML over HTTP with Basic authentication.
 *
 * Entries are asked for by ranges of time. A range is read page by page in no order; so the checkpoint moves past a
 * range when all of it was read, and carries the place within it until then.
 */
export class NcmecSource implements DeltaSource {
  readonly shape = 'delta';
  readonly #house: SourceHouse;
  readonly #options: NcmecOptions;
  readonly #largest: number;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: NcmecOptions, house: SourceHouse) {
    this.#house = house;
    this.#options = options;
    this.#largest = options.largestWindow ?? 400_000;
    const credentials = Buffer.from(`${options.username}:${options.password}`).toString('base64');
    this.#headers = { authorization: `Basic ${credentials}`, accept: 'application/xml, text/xml' };
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    const { member } = await this.#status(signal);
    let members = 0;
    const read = async ({ body }: Answer) =>
      readXml(body, 'members', { open: (_name, _attributes, depth) => void (depth === 1 && members++) });
    await this.#ask('/v2/members', { read }, signal);
    return { member, members: String(members) };
  }

  async *pull(checkpoint: unknown, signal: AbortSignal): AsyncGenerator<SourcePage> {
    const stored = checkpoint === undefined ? undefined : readNcmecPosition(checkpoint);
    const restart = checkpoint !== undefined && stored === undefined;
    const clocks = new TwoClocks((await this.#status(signal)).sourceNow, this.#house.now());
    const end = Math.max(0, clocks.source - END_SECONDS);
    const sure = Math.max(0, clocks.earlier - END_SECONDS);
    let position: NcmecPosition = stored ?? { from: 0, span: Math.max(1, end), open: undefined };
    if (position.open !== undefined && isNextStale(position.open, clocks.source)) position = shorter(position);
    let reading = position.from;
    let told = { setAside: clocks.difference, ...(restart && { restart }) };
    const guard = new CircleGuard();
    for (let beginnings = 0; ; ) {
      const fresh = {
        from: reading,
        to: Math.min(end, reading + position.span),
        sure,
        next: undefined,
        at: 0,
        taken: 0,
      };
      const window: NcmecWindow = position.open ?? fresh;
      if (window.from >= window.to) {
        // The source's clock stands before what was already read: nothing can be new.
        yield { changes: [], ...told, checkpoint: position, upToDate: true };
        return;
      }
      guard.step(window.next ?? `${window.from} ${window.to} ${beginnings}`);
      const page = await this.#page(window, signal);
      if (page === undefined) {
        if (++beginnings > NEW_BEGINNINGS) throw new VigieError('source-refused', { detail: 'its own next page' });
        position = shorter(position);
        reading = position.from;
        continue;
      }
      if (window.next === undefined && this.#isTooLarge(page, window)) {
        position = { ...position, span: this.#shortened(page, window) };
        continue;
      }
      position = this.#after(position, window, page);
      if (position.open === undefined) reading = window.to;
      const upToDate = position.open === undefined && reading >= end;
      const builder = new PageBuilder();
      addNcmecChanges(page, builder, this.#options.onlyMembers);
      const { changes, unused } = builder;
      const setAside = [...told.setAside, ...builder.setAside];
      yield { ...told, changes, unused, setAside, checkpoint: position, upToDate };
      if (upToDate) return;
      told = { setAside: [] };
    }
  }

  async feedback({ entryId, opinion, signal: type }: SourceFeedback, signal: AbortSignal): Promise<void> {
    const entry = splitNcmecEntryId(entryId);
    const theirs = NCMEC_FEEDBACK_TYPES.get(type);
    if (entry === undefined || theirs === undefined) throw new VigieError('feedback-not-taken', { detail: type });
    let guid: string | undefined;
    if (opinion === 'refuted') {
      guid = reasonFor(await this.#reasons(theirs, signal), theirs, this.#options.refutedReason);
      if (guid === undefined) throw new VigieError('source-malformed', { detail: `no reasons against ${theirs}` });
    }
    const path = `/v2/entries/${encodeURIComponent(entry.member)}/${encodeURIComponent(entry.id)}/${theirs}/feedback`;
    const headers = { 'content-type': 'application/xml; charset=utf-8' };
    await this.#ask(path, { method: 'PUT', headers, body: feedbackBody(guid), read: ignore }, signal);
  }

  async #ask<T>(path: string, question: Question<T>, signal: AbortSignal): Promise<T> {
    const headers = { ...this.#headers, ...question.headers };
    return await ask(this.#house, `${this.#options.base}${path}`, { ...question, headers }, signal);
  }

  async #status(signal: AbortSignal): Promise<{ readonly member: string; readonly sourceNow: number }> {
    const read = async ({ body, sourceNow }: Answer) => {
      let id = '';
      let name = '';
      await readXml(body, 'status', {
        open: (element, attributes) => {
          if (element === 'member') id = attributes['id'] ?? '';
        },
        close: (element, text) => {
          if (element === 'member') name = text ?? '';
        },
      });
      return { member: forPeople(`${name} (${id})`), sourceNow };
    };
    return await this.#ask('/v2/status', { read }, signal);
  }

  async #reasons(type: string, signal: AbortSignal): Promise<readonly NcmecReason[]> {
    const read = async ({ body }: Answer) => {
      const reasons: NcmecReason[] = [];
      await readXml(body, 'availableFeedbackReasons', {
        open: (element, { guid, name = '', type: fits = '' }) => {
          if (element === 'reason' && guid !== undefined && reasons.length < 1_000) reasons.push({ guid, name, fits });
        },
      });
      return reasons;
    };
    return await this.#ask(`/v2/feedback/${type}/reasons`, { read }, signal);
  }

  /** @returns undefined when the source does not know the window's `next` any more */
  async #page(window: NcmecWindow, signal: AbortSignal): Promise<PageAt | undefined> {
    const asked = { from: Math.max(0, window.from - OVERLAP_SECONDS), to: window.to };
    const query = new URLSearchParams({ from: formatNcmecTime(asked.from), to: formatNcmecTime(asked.to) });
    const path = window.next ?? `/v2/entries?${query}`;
    const read = async ({ body, sourceNow }: Answer) => {
      const page = await readNcmecPage(body);
      const next = page.next === undefined ? undefined : checkNext(page.next, this.#options.base, asked);
      return { ...page, records: page.records, unknown: page.unknown, next, at: Math.floor(sourceNow / 1_000) };
    };
    const instead = async (status: number) =>
      window.next !== undefined && isQuestionRefused(status) ? { value: undefined } : undefined;
    return await this.#ask<PageAt | undefined>(path, { read, instead }, signal);
  }

  #isTooLarge({ records, next }: NcmecPage, { from, to }: NcmecWindow): boolean {
    return next !== undefined && to - from > 1 && estimateRecords(records.length, next) > this.#largest;
  }

  /** By a quarter at least, and in proportion when it is far too large: asking for a large one is dear to the source. */
  #shortened({ records, next = '' }: NcmecPage, { from, to }: NcmecWindow): number {
    const share = this.#largest / estimateRecords(records.length, next);
    return Math.max(1, Math.floor((to - from) * Math.min(1 / 4, share)));
  }

  #after({ from, span }: NcmecPosition, window: NcmecWindow, page: PageAt): NcmecPosition {
    const taken = window.taken + page.records.length;
    const { next, at } = page;
    if (next !== undefined) return { from, span, open: { ...window, next, at, taken } };
    // Shrinks at once and grows slowly; a window that the present cuts short says nothing.
    const whole = window.to - window.from >= span;
    let then = span;
    if (taken > this.#largest / 4) then = Math.max(1, Math.floor((window.to - window.from) / 4));
    else if (whole && taken < this.#largest / 200) then = Math.min(span * 2, LONGEST_SPAN);
    return { from: Math.max(from, Math.min(window.to, window.sure)), span: then, open: undefined };
  }
}

/** A thousand years, seconds. */
const LONGEST_SPAN = 1_000 * 366 * 86_400;

/** Where to begin anew when a window could not be read to its end in time. */
function shorter({ from, span, open }: NcmecPosition): NcmecPosition {
  const length = open === undefined ? span : open.to - open.from;
  return { from, span: Math.max(1, Math.floor(length / 4)), open: undefined };
}

interface PageAt extends NcmecPage {
  /** When it came, by the source's clock, seconds since 1970. */
  readonly at: number;
}
