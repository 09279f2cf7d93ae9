import { createHash } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { WordsBuilder } from '../../index/words/words-builder.js';
import type { WordsContent } from '../../index/words/words-entry.js';
import { abortableEach } from '../../runtime/abortable.js';
import { openInput } from '../formats/open-input.js';
import { ReportCounter } from '../import-report.js';
import { checkRejected, type StageOptions, type StageResult, writeSegment } from '../stage-segments.js';
import { WordsAdmission } from './admit-words.js';
import { detectWordsFormat, WORDS_FORMATS, type WordsFormat, type WordsParser, wordsParser } from './words-parser.js';

/** What one list may hold: all of it lies in the memory of each process. */
export const WORDS_LIMITS = { entries: 3_000_000, bytes: 1_000_000_000 } as const;

/** Input is read in pieces of at most this size, so that an abort is heard in time. */
const PIECE = 256 * 1024;

/**
 * Reads a list of URLs or keywords and writes it as one file, as it is searched. A list that was interrupted is read again
 * from its beginning.
 * @throws VigieError as `stageSegments`; `list-too-large`
 */
export async function stageWords(
  input: AsyncIterable<Uint8Array>,
  content: WordsContent,
  options: StageOptions,
): Promise<StageResult> {
  const { blobs, onSegment, onProgress, signal, map, maxRejected, totalBytes } = options;
  const counter = new ReportCounter();
  const admission = new WordsAdmission(content, counter);
  const builder = new WordsBuilder(content);
  const sha256 = createHash('sha256');
  let bytes = 0;
  const { head, all } = await openInput(abortableEach(input, signal));
  const settings = { content, ...(map === undefined ? {} : { map }) };
  const format = formatOf(options.format) ?? detectWordsFormat(head, settings);
  const parser = wordsParser(format, head, settings);
  const tell = (segments: number, stage: 'reading' | 'writing') => {
    const { records, accepted, rejected, duplicates } = counter;
    onProgress?.({ bytesRead: bytes, totalBytes, records, accepted, rejected, duplicates, segments, stage });
  };
  for await (const chunk of all) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      const piece = chunk.subarray(at, at + PIECE);
      bytes += piece.length;
      sha256.update(piece);
      parser.feed(piece);
      drain(parser, admission, builder);
      signal?.throwIfAborted();
    }
    tell(0, 'reading');
  }
  parser.end();
  drain(parser, admission, builder);
  const report = counter.report(format, parser.ignoredColumns);
  checkRejected(report, maxRejected);
  tell(0, 'writing');
  const summary = { content, grades: report.grades, signals: {} };
  const finish = async (sink: Parameters<WordsBuilder['finish']>[0]) => {
    await builder.finish(sink);
    return { entries: builder.entries, ...summary };
  };
  const segment = await writeSegment({ finish }, blobs, signal);
  const digest = sha256.digest('hex');
  await onSegment?.(segment, { entries: builder.entries, records: counter.records, bytes, sha256: digest });
  tell(1, 'writing');
  return { segments: [segment], report, sha256: digest };
}

function drain(parser: WordsParser, admission: WordsAdmission, builder: WordsBuilder): void {
  for (let record = parser.next(); record !== undefined; record = parser.next()) {
    const read = admission.admit(record);
    if (read === undefined) continue;
    builder.add(read);
    if (builder.entries > WORDS_LIMITS.entries || builder.bytes > WORDS_LIMITS.bytes) {
      throw new VigieError('list-too-large', { detail: `more than ${WORDS_LIMITS.entries} entries` });
    }
  }
}

/** @throws VigieError `list-format-unknown` for one that holds signals of media */
function formatOf(named: StageOptions['format']): WordsFormat | undefined {
  if (named === undefined) return undefined;
  const format = WORDS_FORMATS.find((each) => each === named);
  if (format === undefined) throw new VigieError('list-format-unknown', { detail: `${named} holds no words` });
  return format;
}
