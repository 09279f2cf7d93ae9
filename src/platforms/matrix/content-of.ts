import { createHash } from 'node:crypto';
import type { SharedMedium } from '../../enforcement/platform.js';
import { encryptedFileOf, refToEncrypted } from './encrypted-file.js';
import { attributesOf, textOf } from './html.js';
import { readMxc } from './mxc.js';

/** What an event shows to people. */
export interface Content {
  readonly text: string;
  readonly links: readonly string[];
  readonly media: readonly SharedMedium[];
}

/** Deeper than anything that clients nest. */
const DEEPEST = 16;
const MOST_MEDIA = 256;
const MOST_LINKS = 256;

/** Other events, and what is no content of this one. */
const NOT_LOOKED_INTO: ReadonlySet<string> = new Set(['m.relates_to', 'm.mentions', 'signatures', 'unsigned']);

/** Fields that people read. */
const READ: ReadonlySet<string> = new Set([
  ...['body', 'formatted_body', 'filename', 'name', 'topic', 'displayname', 'reason', 'caption', 'description'],
  ...['m.text', 'org.matrix.msc1767.text', 'm.topic', 'question', 'title', 'alt', 'status_msg', 'geo_uri'],
]);

/** Fields that lead elsewhere. */
const LINKS: ReadonlySet<string> = new Set(['external_url', 'uri', 'matrix_url', 'info_url', 'support_page', 'href']);

/**
 * Everything in the content of an event that is a medium, a text or a link, whatever the kind of the event, also of kinds
 * that came to be after this was written: pictures, their thumbnails, stickers, avatars, pictures within formatted texts,
 * what an edit puts in their place.
 */
export function contentOf(content: object): Content {
  const found: Found = { texts: new Set(), links: new Set(), media: new Map() };
  visit(content, '', 0, found);
  return {
    text: [...found.texts].join('\n').replaceAll('\0', ''),
    links: [...found.links].slice(0, MOST_LINKS),
    media: [...found.media.values()],
  };
}

interface Found {
  readonly texts: Set<string>;
  readonly links: Set<string>;
  readonly media: Map<string, SharedMedium>;
}

function visit(value: unknown, name: string, depth: number, found: Found): void {
  if (typeof value === 'string') take(value, name, found);
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
  const sealed = Array.isArray(value) ? undefined : encryptedFileOf(value);
  if (sealed !== undefined) {
    const ref = refToEncrypted(sealed);
    // With another key the same upload is another picture.
    addMedium(found, { ref, fileId: `${sealed.url}#${createHash('sha256').update(ref).digest('hex').slice(0, 32)}` });
    return;
  }
  for (const [field, each] of Object.entries(value)) {
    if (Array.isArray(value)) visit(each, name, depth + 1, found);
    else if (!NOT_LOOKED_INTO.has(field)) visit(each, field, depth + 1, found);
  }
}

function take(text: string, name: string, found: Found): void {
  if (text === '') return;
  if (readMxc(text) !== undefined) addMedium(found, { ref: text, fileId: text });
  else if (name === 'formatted_body') {
    found.texts.add(textOf(text));
    for (const { name: attribute, value } of attributesOf(text)) {
      if (attribute === 'href') found.links.add(value);
      else if (readMxc(value) !== undefined) addMedium(found, { ref: value, fileId: value });
    }
  } else if (LINKS.has(name)) found.links.add(text);
  else if (READ.has(name)) found.texts.add(text);
}

function addMedium({ media }: Found, medium: SharedMedium & { readonly ref: string }): void {
  if (media.size < MOST_MEDIA) media.set(medium.ref, medium);
}
