import { VigieError } from '../errors.js';
import { inOrder } from '../runtime/in-order.js';
import type { Scanner } from '../scan/scanner.js';
import { type KnownWords, lookAtWords } from '../scan/words/look-at-words.js';
import type { Surface } from '../storage/schema.js';
import { combineVerdicts } from './combine-verdicts.js';
import type { FetchFromPlatform } from './intake-parts.js';
import { type ItemContent, type ItemMedium, wordsOf } from './item-draft.js';
import { type MediumDetail, mediumDetail, notLookedAt, type WordsDetail, wordsDetail } from './verdict-detail.js';

export interface LookNowOptions {
  readonly scanner: Pick<Scanner, 'scan' | 'scanUrl' | 'cache'>;
  /** The lists of URLs and keywords; without, words and links are not looked at. */
  readonly words: KnownWords;
  readonly fetch: FetchFromPlatform;
}

/** Media of one thing that are looked at together. */
const MEDIA_AT_ONCE = 4;

/** Something that somebody waits for, before it is an item. */
export interface LookedAtNow {
  readonly platform: string;
  readonly surface: Surface;
  /** What refers to it on the platform, for the seen record. */
  readonly ref: string;
  readonly content: Pick<ItemContent, 'text' | 'links' | 'media'>;
}

/** A verdict that is nowhere kept. */
export type VerdictNow = ReturnType<typeof combineVerdicts> & {
  readonly media: readonly MediumDetail[];
  readonly words: WordsDetail | undefined;
};

/**
 * Looks at something at once, in the way that items are looked at, except that nothing is tried again and nothing is kept
 * but the record of what was seen; the signals of its media are known when it becomes an item.
 * @throws the signal's reason; VigieError when no verdict can be given now
 */
export async function lookNow(
  { scanner, words, fetch }: LookNowOptions,
  { platform, surface, ref, content }: LookedAtNow,
  signal: AbortSignal,
): Promise<VerdictNow> {
  const look = async (medium: ItemMedium, ordinal: number): Promise<MediumDetail> => {
    const fileId = medium.fileId === null ? undefined : JSON.stringify([platform, medium.fileId]);
    const request = { signal, fileId, public: surface === 'public', of: { text: ref.slice(0, 128) } };
    try {
      const isKnown = fileId !== undefined && scanner.cache.byFileId(fileId) !== undefined;
      if (isKnown) return mediumDetail(ordinal, await scanner.scan(new Uint8Array(), request));
      if (medium.url !== null) return mediumDetail(ordinal, await scanner.scanUrl(medium.url, request));
      const body = await fetch(platform, medium.ref ?? '', signal);
      return mediumDetail(ordinal, await scanner.scan(body, request));
    } catch (error) {
      signal.throwIfAborted();
      return notLookedAt(ordinal, VigieError.from(error).code);
    }
  };
  const found = await lookAtWords(words, wordsOf(content), signal);
  const ordinals = content.media.map((medium, ordinal) => ({ medium, ordinal }));
  const media: MediumDetail[] = [];
  for await (const each of inOrder(ordinals, MEDIA_AT_ONCE, ({ medium, ordinal }) => look(medium, ordinal)))
    media.push(each);
  const said = found === undefined ? undefined : wordsDetail(found);
  return { ...combineVerdicts(media, said), media, words: said };
}
