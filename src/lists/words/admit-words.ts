import { hash } from 'node:crypto';
import type { ReadEntry, WordsContent, WordsEntry } from '../../index/words/words-entry.js';
import { KEYWORD_FOLDS, type KeywordFold } from '../../signals/keyword/fold.js';
import { parseKeyword } from '../../signals/keyword/keyword-entry.js';
import { parseUrlEntry, URL_ENTRY_KINDS, type UrlEntryKind } from '../../signals/url/url-entry.js';
import { TEXT_LIMIT, timeOf } from '../formats/list-record.js';
import type { ReportCounter } from '../import-report.js';
import type { WordsRecord } from './words-record.js';

/** Longest URL or keyword as a source writes it, in UTF-16 units. */
const LONGEST = 4_096;
const COMMENT_LIMIT = 1_024;

/**
 * The rules by which a record of a list of URLs or keywords becomes an entry. One that comes again is left out, and so is
 * one whose id another entry has: a withdrawal must mean one entry.
 */
export class WordsAdmission {
  readonly #content: WordsContent;
  readonly #counter: ReportCounter;
  readonly #ids = new Set<string>();
  readonly #searched = new Set<string>();

  constructor(content: WordsContent, counter: ReportCounter) {
    this.#content = content;
    this.#counter = counter;
  }

  /** @returns undefined for a record that is left out; the counter says why */
  admit(record: WordsRecord): ReadEntry | undefined {
    const { line, problem, fields } = record;
    const counter = this.#counter;
    counter.records++;
    if (problem !== undefined) return this.#leaveOut(problem, line);
    const { text, id: stated } = fields;
    if (text === undefined) return this.#leaveOut('no-signal', line);
    if (text.length > LONGEST) return this.#leaveOut('too-long', line);
    if (stated !== undefined && stated.length > TEXT_LIMIT) return this.#leaveOut('id-too-long', line);
    const read = this.#read(record, text);
    if (typeof read === 'string') return this.#leaveOut(read === 'malformed' ? 'malformed-record' : read, line);
    const key = JSON.stringify(read.search);
    if (this.#searched.has(key)) return this.#leaveOut('duplicate-signals', line);
    const id = stated ?? `w${hash('sha256', key).slice(0, 24)}`;
    if (this.#ids.has(id)) return this.#leaveOut('duplicate-id', line);
    this.#searched.add(key);
    this.#ids.add(id);
    counter.accept(fields.grade);
    return { ...read, entry: { ...read.entry, id } };
  }

  #leaveOut(why: Parameters<ReportCounter['leaveOut']>[0], line: number): undefined {
    this.#counter.leaveOut(why, line);
  }

  #read({ line, fields }: WordsRecord, text: string): ReadEntry | 'malformed' | 'too-broad' {
    const entry = this.#entry(line, fields, text);
    if (this.#content === 'keywords') {
      const how = (fields.overlook ?? 'plain').toLowerCase();
      if (!isFold(how)) return 'malformed';
      const search = parseKeyword(text, how);
      if (typeof search === 'string') return search;
      return { content: 'keywords', entry: { ...entry, fold: how }, search };
    }
    const kind = fields.kind?.toLowerCase();
    if (kind !== undefined && !isKind(kind)) return 'malformed';
    const search = parseUrlEntry(text, kind);
    if (typeof search === 'string') return search;
    return { content: 'urls', entry: { ...entry, kind: search.kind }, search };
  }

  #entry(line: number, { grade, added, comment }: WordsRecord['fields'], text: string): WordsEntry {
    const time = added === undefined ? undefined : timeOf(added);
    if (added !== undefined && time === undefined) this.#counter.note('field-unreadable', line);
    if (comment !== undefined && comment.length > COMMENT_LIMIT) this.#counter.note('comment-shortened', line);
    return {
      id: '',
      text,
      ...(grade === undefined ? {} : { grade: grade.slice(0, TEXT_LIMIT) }),
      ...(time === undefined ? {} : { added: time }),
      ...(comment === undefined ? {} : { comment: comment.slice(0, COMMENT_LIMIT) }),
    };
  }
}

function isFold(text: string): text is KeywordFold {
  return (KEYWORD_FOLDS as readonly string[]).includes(text);
}

function isKind(text: string): text is UrlEntryKind {
  return (URL_ENTRY_KINDS as readonly string[]).includes(text);
}
