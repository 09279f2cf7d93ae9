import { KeywordTable } from '../src/index/words/keyword-table.js';
import { UrlTable } from '../src/index/words/url-table.js';
import { fold } from '../src/signals/keyword/fold.js';
import { parseKeyword } from '../src/signals/keyword/keyword-entry.js';
import { findUrls } from '../src/signals/url/find-urls.js';
import { normalUrl } from '../src/signals/url/normal-url.js';
import { parseUrlEntry } from '../src/signals/url/url-entry.js';
import { type Bench, interleave } from './harness.js';

const LINKS = 10;
const MESSAGES = 200;
const KEYWORDS = 100_000;
const TEXT = 2 ** 20;
const WARM_UP = 3;

/**
 * What a message of ten links costs against `entries` listed URLs, found in its text or told as links, and how fast text
 * is searched for a hundred thousand keywords, against looking only for its words in a set of them.
 */
export const wordsBench: Bench = async ({ entries = 1_000_000, rounds = 9, progress }) => {
  const random = randomNumbers(7);
  const url = () =>
    `https://www.${word(random)}-${word(random)}.example/${word(random)}/${word(random)}?id=${random(1e9)}`;
  progress?.(`words: ${entries} URLs`);
  const parsed = Array.from({ length: entries }, url)
    .map((text) => parseUrlEntry(text, 'exact'))
    .filter((each) => typeof each === 'object');
  const table = new UrlTable(UrlTable.build(parsed));
  const messages = Array.from({ length: MESSAGES }, () => Array.from({ length: LINKS }, url));
  const texts = messages.map((links) => links.map((link) => `${word(random)} ${link}, ${word(random)}.`).join(' '));
  const normal = messages.map((links) => links.flatMap((link) => normalUrl(link) ?? []));
  progress?.(`words: ${KEYWORDS} keywords`);
  const keywords = [...new Set(Array.from({ length: KEYWORDS * 1.2 }, () => `${word(random)}${word(random)}`))].slice(
    0,
    KEYWORDS,
  );
  const read = keywords.map((each) => parseKeyword(each)).filter((each) => typeof each === 'object');
  const searched = new KeywordTable(KeywordTable.build(read));
  const plainSet = new Set(read.map(({ text }) => text));
  let text = '';
  while (text.length < TEXT) text += `${word(random)}${random(4) === 0 ? word(random) : ''} `;
  const accented = text.replaceAll('a', 'ä');
  let sink = 0;
  const look = (links: readonly string[]) => {
    for (const link of links) {
      const found = normalUrl(link);
      if (found !== undefined) sink += table.find(found).length;
    }
  };
  const contenders = {
    text: () => {
      for (const each of texts) look([...findUrls(each)].map((found) => found.url));
      return MESSAGES;
    },
    links: () => {
      for (const links of messages) look(links);
      return MESSAGES;
    },
    lookups: () => {
      for (const links of normal) for (const link of links) sink += table.find(link).length;
      return MESSAGES * LINKS;
    },
    keywords: () => {
      sink += searched.find(text).length;
      return text.length / 1e6;
    },
    accented: () => {
      sink += searched.find(accented).length;
      return accented.length / 1e6;
    },
    split: () => {
      for (const each of fold(text).split(' ')) if (plainSet.has(each)) sink++;
      return text.length / 1e6;
    },
  };
  await interleave(WARM_UP, contenders);
  const ms = await interleave(rounds, contenders);
  const speed = (each: number) => 1_000 / each;
  if (sink < 0) throw new Error('nothing was done');
  return [
    { what: `message of ${LINKS} links in its text, ${table.entries} URLs`, value: ms.text * 1_000, unit: 'µs' },
    { what: `message of ${LINKS} links told as such`, value: ms.links * 1_000, unit: 'µs' },
    { what: 'look-up of one normal form', value: ms.lookups * 1_000, unit: 'µs' },
    { what: 'memory of an URL', value: table.bytes / table.entries, unit: 'B' },
    {
      what: `ASCII text against ${searched.entries} keywords`,
      value: speed(ms.keywords),
      unit: 'M characters/s',
      ratio: ms.split / ms.keywords,
      against: 'whole words in a set',
    },
    { what: 'text with accents against them', value: speed(ms.accented), unit: 'M characters/s' },
    { what: 'memory of a keyword', value: searched.bytes / searched.entries, unit: 'B' },
  ];
};

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function word(random: (below: number) => number): string {
  let text = '';
  const syllables = 1 + random(3);
  for (let i = 0; i < syllables; i++) text += 'bcdfghklmnprstvw'.charAt(random(16)) + 'aeiou'.charAt(random(5));
  return text;
}
