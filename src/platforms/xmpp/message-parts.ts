import type { Element } from '@xmpp/client';
import type { SharedMedium } from '../../enforcement/platform.js';
import { refTo } from './medium-ref.js';
import { NS } from './namespaces.js';

/** Media of one message that are looked at. */
const MOST_MEDIA = 256;
const MOST_URL = 4_096;
const MOST_NODES = 2_000;
const ADDRESS = /\b(?:https?|aesgcm):\/\/[^\s<>"]+/gi;

/** What a message in a room shows. */
export interface MessageParts {
  readonly text: string;
  readonly links: readonly { readonly url: string; readonly from: 'entity' }[];
  readonly media: readonly SharedMedium[];
  /** Ids of pictures that the message shows and does not carry (XEP-0231): they are asked for from its sender. */
  readonly wanted: readonly string[];
}

export interface PartsOptions {
  /** Whether an address that stands in the text is one of an upload. */
  readonly isUpload: (url: string) => boolean;
  /** Whether an address may be fetched, as far as that shows in it. */
  readonly mayFetch: (url: string) => boolean;
}

/** Reads all that clients would show of a message: files in each of the ways that they are sent in, words and addresses. */
export function partsOf(message: Element, options: PartsOptions): MessageParts {
  const media = new Map<string, SharedMedium>();
  const add = (url: string | null | undefined, name?: string) => {
    const medium = url ? mediumOf(url.trim(), name, options) : undefined;
    if (medium !== undefined) media.set(medium.url ?? medium.ref, medium);
  };
  const bodies = [...message.getChildren('body'), ...message.getChildren('subject')].map((body) => body.text());
  for (const oob of message.getChildren('x', NS.oob)) add(oob.getChildText('url'));
  for (const { urls, name } of [...sharedFiles(message), ...referredFiles(message)])
    for (const url of urls) add(url, name);
  const { images, links } = markup(message);
  for (const url of images) if (!url.startsWith('cid:')) add(url);
  for (const [url] of bodies.join('\n').matchAll(ADDRESS)) {
    const shown = withoutEnding(url);
    if (/^aesgcm:/i.test(shown) || options.isUpload(shown)) add(shown);
  }
  const carried = inline(message);
  for (const [cid, ref] of carried) media.set(cid, { ref });
  return {
    text: bodies.join('\n'),
    links: links.map((url) => ({ url, from: 'entity' })),
    media: limited([...media.values()]),
    wanted: images.filter((url) => url.startsWith('cid:') && !carried.has(url.slice(4))).map((url) => url.slice(4)),
  };
}

/** More than that is not left out quietly: the last one stands for what cannot be looked at. */
export function limited(media: readonly SharedMedium[]): readonly SharedMedium[] {
  if (media.length <= MOST_MEDIA) return media;
  return [...media.slice(0, MOST_MEDIA - 1), { ref: refTo('lost', 'more media than are looked at') }];
}

function mediumOf(url: string, name: string | undefined, { mayFetch }: PartsOptions): SharedMedium | undefined {
  const named = name === undefined ? {} : { name };
  if (/^aesgcm:\/\//i.test(url)) return { ref: refTo('aesgcm', url.slice(0, MOST_URL)), ...named };
  if (!/^https?:\/\//i.test(url)) return undefined;
  // Fetched all the same, where it is refused once more: the verdict then says that it could not be looked at.
  return url.length > MOST_URL || !mayFetch(url) ? { ref: refTo('url', url), ...named } : { url, ...named };
}

/** As clients make links of text: without the marks that end a sentence, and a bracket that was opened before. */
function withoutEnding(url: string): string {
  const shown = url.replace(/[.,;:!?'\]]+$/, '');
  const open = shown.endsWith(')') && shown.split('(').length < shown.split(')').length;
  return open ? withoutEnding(shown.slice(0, -1)) : shown;
}

/** XEP-0447. */
function sharedFiles(message: Element): { urls: string[]; name: string | undefined }[] {
  return message.getChildren('file-sharing', NS.fileSharing).map((sharing) => ({
    urls: (sharing.getChild('sources')?.getChildren('url-data', NS.urlData) ?? []).flatMap(
      ({ attrs }) => attrs['target'] ?? [],
    ),
    name: sharing.getChild('file', NS.fileMetadata)?.getChildText('name') ?? undefined,
  }));
}

/** XEP-0385, which lies in a reference to a part of the text. */
function referredFiles(message: Element): { urls: string[]; name: string | undefined }[] {
  return message.getChildren('reference', NS.reference).flatMap((reference) =>
    reference.getChildren('media-sharing', NS.sims).map((sharing) => ({
      urls: (sharing.getChild('sources')?.getChildren('reference') ?? []).flatMap(({ attrs }) => attrs['uri'] ?? []),
      name: sharing.getChild('file')?.getChildText('name') ?? undefined,
    })),
  );
}

/** Pictures and links of XHTML-IM. Walked without recursion: senders choose how deep it is. */
function markup(message: Element): { images: readonly string[]; links: readonly string[] } {
  const images = new Set<string>();
  const links = new Set<string>();
  const waiting: Element[] = message.getChildren('html', NS.xhtml);
  for (let seen = 0; seen < MOST_NODES; seen++) {
    const element = waiting.pop();
    if (element === undefined) break;
    const { src, href } = element.attrs;
    if (element.name === 'img' && src !== undefined) images.add(src);
    if (element.name === 'a' && href !== undefined) links.add(href);
    for (const child of element.children) if (typeof child !== 'string') waiting.push(child);
  }
  return { images: [...images], links: [...links] };
}

/** Pictures that travel within the message (XEP-0231), by their ids. */
function inline(message: Element): Map<string, string> {
  const found = new Map<string, string>();
  for (const data of message.getChildren('data', NS.bob)) {
    const text = data.text().replaceAll(/\s/g, '');
    if (text !== '') found.set(data.attrs['cid'] ?? `${found.size}`, refTo('bob', text));
  }
  return found;
}
