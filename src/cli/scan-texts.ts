import { readFile } from 'node:fs/promises';
import { VigieError } from '../errors.js';
import type { WordsVerdict } from '../scan/words/words-verdict.js';
import type { ServiceClient } from './service-client.js';
import { type Found, unreadable } from './walk.js';

/** One line of `vigie scan --text --format jsonl`. */
export interface TextLine extends Pick<WordsVerdict, 'verdict' | 'reason' | 'links' | 'review' | 'ms'> {
  readonly path: string;
  /** Ids of the verdicts; a long text has one for each of its parts. */
  readonly scans: readonly string[];
}

/** What one request may hold, and how much of the part before comes again, so that no phrase is cut in two. */
const PART = 65_536;
const OVERLAP = 1_024;
const LONGEST_FILE = 64 * 2 ** 20;

type Answer = WordsVerdict & { readonly scan: string };

/** Lets the service look at a text for listed addresses and keywords. @throws VigieError `file-not-readable`, of the service */
export async function scanTextFile(
  service: ServiceClient,
  { path, file }: Found,
  signal: AbortSignal,
): Promise<TextLine> {
  const text = await readText(path === '-' ? process.stdin : file);
  const answers: Answer[] = [];
  for (const part of parts(text)) {
    answers.push(await service.call<Answer>('POST', '/v1/scan/text', { json: { text: part }, signal }));
  }
  const words = ['match', 'could-not-tell', 'no-match'] as const;
  const worst = words.find((word) => answers.some(({ verdict }) => verdict === word));
  const decided = answers.find(({ verdict }) => verdict === worst);
  return {
    path,
    scans: answers.map(({ scan }) => scan),
    verdict: worst ?? 'no-match',
    reason: decided?.reason ?? null,
    links: answers.flatMap(({ links }) => links),
    review: answers.flatMap(({ review }) => review),
    ms: answers.reduce((sum, { ms }) => sum + ms, 0),
  };
}

/** Cuts at white space where there is some. */
function* parts(text: string): Generator<string> {
  let from = 0;
  do {
    const end = Math.min(text.length, from + PART);
    yield text.slice(from, end);
    if (end === text.length) return;
    const space = text.slice(end - OVERLAP, end).search(/\s/u);
    from = end - OVERLAP + Math.max(0, space);
  } while (from < text.length);
}

async function readText(source: string | Buffer | NodeJS.ReadableStream): Promise<string> {
  try {
    const bytes =
      typeof source === 'string' || Buffer.isBuffer(source) ? await readFile(source) : await readAll(source);
    if (bytes.length > LONGEST_FILE) throw new VigieError('file-not-readable', { detail: 'too long for a text' });
    return bytes.toString('utf8').replaceAll('\0', ' ');
  } catch (cause) {
    throw cause instanceof VigieError ? cause : unreadable(cause);
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    pieces.push(Buffer.from(piece));
    size += pieces.at(-1)?.length ?? 0;
    if (size > LONGEST_FILE) break;
  }
  return Buffer.concat(pieces);
}
