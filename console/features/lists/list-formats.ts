import type { HashList } from '../../api/types.js';

/** The formats that a list may come in, as the service names them, and what people call them. */
const LIST_FORMATS = [
  ['auto', 'Found out from the file'],
  ['csv', 'CSV with a header'],
  ['jsonl', 'JSON lines'],
  ['lines', 'Plain values, one a line'],
  ['typed', 'Type and value, one pair a line'],
  ['vics', 'Project VIC / CAID (JSON)'],
] as const;

/** What plain values may be. */
export const VALUE_TYPES = [
  ['', 'Told by their length'],
  ['pdq', 'PDQ'],
  ['sha256', 'SHA-256'],
  ['sha1', 'SHA-1'],
  ['md5', 'MD5'],
  ['photodna', 'PhotoDNA'],
] as const;

/** What a list may hold, once and for all. */
export const CONTENTS = [
  ['media', 'Hashes of pictures and videos'],
  ['urls', 'Addresses (URLs)'],
  ['keywords', 'Keywords'],
] as const;

export const CONTENT_HINTS: Readonly<Record<HashList['content'], string>> = {
  media: 'What media are compared with.',
  urls: 'An address in a text that is on it is a match.',
  keywords: 'A person is asked to look at what has one; it is never a match by itself.',
};

export const FILE_HINTS: Readonly<Record<HashList['content'], string>> = {
  media: 'CSV, JSON lines, plain hashes or Project VIC; gzip is fine',
  urls: 'One address a line, CSV with the column url, or JSON lines; gzip is fine',
  keywords: 'One word or phrase a line, CSV with the column keyword, or JSON lines; gzip is fine',
};

const WORD_FORMATS: ReadonlySet<string> = new Set(['auto', 'csv', 'jsonl', 'lines']);

/** The formats that a list of such may come in. */
export const formatsOf = (content: HashList['content']) =>
  content === 'media' ? LIST_FORMATS : LIST_FORMATS.filter(([value]) => WORD_FORMATS.has(value));
