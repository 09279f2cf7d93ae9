import { z } from 'zod';
import type { WordsQuery } from '../scan/words/look-at-words.js';

/** Media that one item may have at the most, files and URLs together. */
export const MEDIA_LIMIT = 32;

// Neither line ends nor NUL: the database takes no NUL, and an id is written into logs of others.
const plain = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u);
const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => !value.includes('\0'), 'holds NUL');

export const jurisdictionSchema = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/)
  .describe('ISO 3166: a country such as `DE`, a part of one such as `US-CA`, or `EU`');

const mediumSchema = z
  .object({
    url: z.string().max(4_096).describe('Where it is fetched from.'),
    fileId: plain(512).optional().describe("The platform's own id of the file; known signals are used again."),
    name: text(255).optional(),
    caption: text(4_096).optional().describe('What is written beside it; looked at as the text is.'),
  })
  .strict();

const linkSchema = z.union([
  text(4_096),
  z.object({ url: text(4_096), from: z.enum(['entity', 'button']).describe('Where the platform found it.') }).strict(),
]);

/** Words and links as they are looked at, of an item or by themselves. */
export const wordsShape = {
  text: text(65_536).optional().describe('Addresses and keywords are looked for in it.'),
  links: z
    .array(linkSchema)
    .max(256)
    .optional()
    .describe('Addresses that the text does not show, of entities and buttons: a text, or where it was found as well.'),
};

/** Something shared on a platform, as it is handed in. The order of the fields is that of the fingerprint. */
export const itemDraftSchema = z
  .object({
    platform: plain(64).describe('Which platform it was shared on.'),
    id: plain(255).describe("The platform's own id of it; handing it in again gives the same item."),
    account: plain(255).optional().describe("The platform's own id of who shared it; kept sealed."),
    room: plain(255).optional().describe('The channel, group or board.'),
    surface: z.enum(['public', 'private']),
    jurisdiction: jurisdictionSchema.optional(),
    sharedAt: z.iso.datetime({ offset: true }).optional(),
    ...wordsShape,
    media: z.array(mediumSchema).max(MEDIA_LIMIT).optional(),
    lane: z.enum(['live', 'backfill']).optional().describe('`backfill` for old content: it gives way to what is new.'),
    revision: plain(64).optional().describe('Of something that was edited: another one for each content it had.'),
    album: plain(255).optional().describe('What the platform groups it by with others that were shared together.'),
    seenAt: z.iso.datetime({ offset: true }).optional().describe('When the platform told of it, for the figures.'),
  })
  .strict();

/** @inheritdoc itemDraftSchema */
export type ItemDraft = Omit<z.output<typeof itemDraftSchema>, 'media'> & {
  readonly media?: readonly MediumDraft[] | undefined;
};

/** A medium by its URL; or, from the connection to a platform, by what that connection fetches it by. */
export type MediumDraft = Omit<z.output<typeof mediumSchema>, 'url'> &
  ({ readonly url: string; readonly ref?: undefined } | { readonly ref: string; readonly url?: undefined });

/** A medium that came as bytes and lies in the blob store. */
export interface StoredMedium {
  readonly blob: string;
  readonly bytes: number;
  /** HMAC-SHA-256 of its bytes under a secret of this installation. */
  readonly digest: string;
  readonly name: string | null;
}

/** What is sealed of an item: all that says something of its content. */
export interface ItemContent {
  readonly jurisdiction: string | null;
  readonly sharedAt: string | null;
  readonly text: string | null;
  readonly links: readonly ItemLink[];
  /** By ordinal: those that are fetched first, then those that came as bytes. */
  readonly media: readonly ItemMedium[];
}

/** A text where nothing is known but the address. */
export type ItemLink = string | { readonly url: string; readonly from: 'entity' | 'button' };

export interface ItemMedium {
  readonly url: string | null;
  /** What the connection to its platform fetches it by. */
  readonly ref?: string;
  readonly fileId: string | null;
  readonly name: string | null;
  /** Absent in what was sealed before captions were looked at. */
  readonly caption?: string | null;
}

/**
 * What of an item tells it from another of the same id. When it was shared and told of does not, nor what a file is fetched
 * by where its id names it: a platform may tell the same with others. Equal content is equal text in JSON, as the schema
 * gives the fields one order.
 */
export function comparedOf({ lane: _lane, seenAt: _seenAt, sharedAt: _sharedAt, ...content }: ItemDraft): unknown {
  const { media } = content;
  if (media === undefined) return content;
  const named = ({ ref, ...medium }: MediumDraft) =>
    ref === undefined || medium.fileId !== undefined ? medium : { ref, ...medium };
  return { ...content, media: media.map(named) };
}

export function contentOf(draft: ItemDraft, files: readonly StoredMedium[]): ItemContent {
  const { jurisdiction = null, sharedAt = null, text: words = null, links = [], media = [] } = draft;
  return {
    jurisdiction,
    sharedAt,
    text: words,
    links,
    media: [
      ...media.map(({ url = null, ref, fileId = null, name = null, caption = null }) => ({
        ...{ url, fileId, name, caption },
        ...(ref === undefined ? {} : { ref }),
      })),
      ...files.map(({ name }) => ({ url: null, fileId: null, name })),
    ],
  };
}

/** What of an item is looked at besides its media. */
export function wordsOf({ text: words, links, media }: Pick<ItemContent, 'text' | 'links' | 'media'>): WordsQuery {
  const captions = media.flatMap(({ caption }, ordinal) =>
    caption ? [{ where: 'caption' as const, ordinal, text: caption }] : [],
  );
  return {
    texts: [...(words ? [{ where: 'text' as const, ordinal: 0, text: words }] : []), ...captions],
    links: links.map((link, ordinal) => {
      if (typeof link === 'string') return { where: 'link' as const, ordinal, url: link };
      return { where: link.from, ordinal, url: link.url };
    }),
  };
}
