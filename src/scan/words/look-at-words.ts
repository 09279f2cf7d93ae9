import { VigieError } from '../../errors.js';
import { Pacer } from '../../index/pause.js';
import type { WordsEntry } from '../../index/words/words-entry.js';
import type { LoadedWords } from '../../lists/words/loaded-words.js';
import { findUrls } from '../../signals/url/find-urls.js';
import { normalUrl } from '../../signals/url/normal-url.js';
import type { KnownLists } from '../known-lists.js';
import { whileCurrent } from '../while-current.js';
import type { FoundAt, LinkMatch, ReviewHint, WordsPlace, WordsVerdict } from './words-verdict.js';

/** The lists of URLs and keywords as scanning sees them. */
export interface KnownWords extends Pick<KnownLists, 'ready' | 'appliedSeq' | 'catchUp'> {
  /** True while such a list could not be loaded. */
  readonly wordsIncomplete: boolean;
  readonly words: readonly Pick<LoadedWords, 'info' | 'segment' | 'isLive'>[];
}

/** What there is to look at in an item. */
export interface WordsQuery {
  readonly texts: readonly { readonly where: WordsPlace; readonly ordinal: number; readonly text: string }[];
  /** Addresses that the platform says are addresses. */
  readonly links: readonly { readonly where: WordsPlace; readonly ordinal: number; readonly url: string }[];
}

/** Entries of one verdict that are told. */
const MOST_TOLD = 50;
const REPLACED_LIMIT = 5;

interface Tally extends FoundAt {
  count: number;
  /** The last place that was counted: in a text one address is read in several ways. */
  last: FoundAt;
}

type Found = Map<KnownWords['words'][number], Map<number, Tally>>;

/**
 * Looks at the texts and links of an item: an address on a list of URLs is a match, a keyword a hint for review and never
 * one. Other work goes on in between, however long the text.
 * @returns undefined when there is nothing to look at, or no such list
 * @throws VigieError `index-not-loaded`, `index-stale`, the signal's reason
 */
export async function lookAtWords(
  lists: KnownWords,
  query: WordsQuery,
  signal?: AbortSignal,
): Promise<WordsVerdict | undefined> {
  if (!lists.ready) throw new VigieError('index-not-loaded', { retryAfter: 2 });
  if (query.texts.length + query.links.length === 0) return undefined;
  if (lists.words.length === 0 && !lists.wordsIncomplete) return undefined;
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await whileCurrent(lists, () => look(lists, query, start, signal));
    } catch (error) {
      // A list may be replaced between finding an entry and reading it.
      if (!(error instanceof VigieError) || error.code !== 'segment-closed' || attempt >= REPLACED_LIMIT) throw error;
    }
  }
}

async function look(
  lists: KnownWords,
  query: WordsQuery,
  start: number,
  signal: AbortSignal | undefined,
): Promise<WordsVerdict> {
  const { appliedSeq, words } = lists;
  const pacer = new Pacer(signal);
  const urls = await findLinks(words, query, pacer);
  const keywords = await findKeywords(words, query, pacer);
  const links = await told(urls, (entry): Pick<LinkMatch, 'kind'> => ({ kind: entry.kind ?? 'exact' }));
  const review: readonly ReviewHint[] = await told(keywords, () => ({}));
  const [linksTotal, reviewTotal] = [sizeOf(urls), sizeOf(keywords)];
  const incomplete = lists.wordsIncomplete;
  const verdict = linksTotal > 0 ? 'match' : incomplete ? 'could-not-tell' : 'no-match';
  const reason = linksTotal > 0 ? null : incomplete ? 'index-incomplete' : 'nothing-known';
  const ms = performance.now() - start;
  return { verdict, reason, links, linksTotal, review, reviewTotal, ms, appliedSeq };
}

async function findLinks(words: KnownWords['words'], { texts, links }: WordsQuery, pacer: Pacer): Promise<Found> {
  const found: Found = new Map();
  const lists = words.filter(({ segment }) => segment.urls !== undefined);
  if (lists.length === 0) return found;
  const lookUp = (url: string, place: FoundAt) => {
    const normal = normalUrl(url);
    if (normal === undefined) return;
    for (const list of lists) {
      for (const row of list.segment.urls?.find(normal) ?? []) if (list.isLive(row)) count(found, list, row, place, 1);
    }
  };
  for (const { url, ...place } of links) {
    lookUp(url, { ...place, at: null });
    if (pacer.due) await pacer.pause();
  }
  for (const { text, ...place } of texts) {
    for (const { url, from } of findUrls(text)) {
      lookUp(url, { ...place, at: from });
      if (pacer.due) await pacer.pause();
    }
  }
  return found;
}

async function findKeywords(words: KnownWords['words'], { texts }: WordsQuery, pacer: Pacer): Promise<Found> {
  const found: Found = new Map();
  for (const list of words) {
    for (const { text, ...place } of texts) {
      for (const { row, at, count: times } of list.segment.keywords?.find(text) ?? []) {
        if (list.isLive(row)) count(found, list, row, { ...place, at }, times);
      }
      if (pacer.due) await pacer.pause();
    }
  }
  return found;
}

function count(found: Found, list: KnownWords['words'][number], row: number, place: FoundAt, times: number): void {
  let rows = found.get(list);
  if (rows === undefined) {
    rows = new Map();
    found.set(list, rows);
  }
  const before = rows.get(row);
  if (before === undefined) rows.set(row, { ...place, count: times, last: place });
  else if (!samePlace(before.last, place)) {
    before.count += times;
    before.last = place;
  }
}

function samePlace(one: FoundAt, other: FoundAt): boolean {
  return one.at === other.at && one.ordinal === other.ordinal && one.where === other.where;
}

async function told<T extends object>(
  found: Found,
  more: (entry: WordsEntry) => T,
): Promise<readonly (ReviewHint & T)[]> {
  const all = [...found].flatMap(([list, rows]) => [...rows].map(([row, tally]) => ({ list, row, tally })));
  return await Promise.all(
    all.slice(0, MOST_TOLD).map(async ({ list: { info, segment }, row, tally: { last: _last, ...tally } }) => {
      const entry = await segment.entry(row);
      const { name, version } = info;
      return { list: name, version, entry: entry.id, grade: entry.grade ?? null, ...tally, ...more(entry) };
    }),
  );
}

function sizeOf(found: Found): number {
  return [...found.values()].reduce((sum, { size }) => sum + size, 0);
}
