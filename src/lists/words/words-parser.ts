import { isUtf8 } from 'node:buffer';
import { VigieError } from '../../errors.js';
import type { WordsContent } from '../../index/words/words-entry.js';
import { CsvTokenizer } from '../formats/csv-tokenizer.js';
import { parseObject } from '../formats/jsonl.js';
import { LineReader } from '../formats/line-reader.js';
import { type ParserOptions, reportable } from '../formats/list-parser.js';
import type { RecordReason } from '../import-report.js';
import { type WordsField, type WordsRecord, wordsFieldFor } from './words-record.js';

export const WORDS_FORMATS = ['csv', 'jsonl', 'lines'] as const;
export type WordsFormat = (typeof WORDS_FORMATS)[number];

/** As ListParser: `feed` what there is and call `next` until it gives nothing; after `end` it gives the rest. */
export interface WordsParser {
  readonly ignoredColumns: readonly string[];
  feed(chunk: Uint8Array): void;
  end(): void;
  /** @throws VigieError `list-header-invalid` */
  next(): WordsRecord | undefined;
}

type Options = Pick<ParserOptions, 'map'> & { readonly content: WordsContent };

export function wordsParser(format: WordsFormat, head: Uint8Array, options: Options): WordsParser {
  if (format === 'lines') return new WordsLines();
  if (format === 'jsonl') return new WordsJsonl(options);
  return new WordsCsv(delimiterOf(firstLine(head), options), options);
}

/** JSON lines begin with a brace, CSV with a header that names the column of the text; all else is one entry a line. */
export function detectWordsFormat(head: Uint8Array, options: Options): WordsFormat {
  const line = firstLine(head);
  if (line.startsWith('{')) return 'jsonl';
  const names = line.split(delimiterOf(line, options)).map((name) => fieldOf(name, options));
  return names.includes('text') ? 'csv' : 'lines';
}

function firstLine(head: Uint8Array): string {
  const lines = new TextDecoder().decode(head).split('\n');
  return lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#')) ?? '';
}

function delimiterOf(line: string, options: Options): ',' | ';' | '\t' {
  const known = (delimiter: string) => line.split(delimiter).filter((name) => fieldOf(name, options)).length;
  const [best = ','] = ([',', ';', '\t'] as const).toSorted((a, b) => known(b) - known(a));
  return best;
}

function fieldOf(name: string, { content, map }: Options): WordsField | undefined {
  return wordsFieldFor(name.trim().replace(/^"(.*)"$/, '$1'), content, map);
}

const PROBLEMS: Readonly<Record<string, RecordReason>> = {
  malformed: 'malformed-record',
  'invalid-utf8': 'invalid-utf8',
  'too-long': 'too-long',
};

/** One entry a line; lines that begin with # are comments. */
class WordsLines implements WordsParser {
  readonly ignoredColumns: readonly string[] = [];
  readonly #lines = new LineReader();

  feed(chunk: Uint8Array): void {
    this.#lines.feed(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  next(): WordsRecord | undefined {
    const lines = this.#lines;
    for (;;) {
      const step = lines.next();
      if (step === 'more' || step === 'end') return undefined;
      const { line, bytes, from, to } = lines;
      if (step === 'bad') return bad(line, lines.problem);
      const text = bytes.toString('utf8', from, to);
      if (!text.startsWith('#')) return { line, fields: { text } };
    }
  }
}

/** One JSON object a line. */
class WordsJsonl implements WordsParser {
  readonly #lines = new LineReader();
  readonly #options: Options;
  readonly #ignored = new Set<string>();

  constructor(options: Options) {
    this.#options = options;
  }

  get ignoredColumns(): readonly string[] {
    return reportable([...this.#ignored]);
  }

  feed(chunk: Uint8Array): void {
    this.#lines.feed(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  next(): WordsRecord | undefined {
    const lines = this.#lines;
    const step = lines.next();
    if (step === 'more' || step === 'end') return undefined;
    const { line, bytes, from, to } = lines;
    if (step === 'bad') return bad(line, lines.problem);
    const object = parseObject(bytes.toString('utf8', from, to));
    if (object === undefined) return bad(line, 'malformed');
    const fields: Partial<Record<WordsField, string>> = {};
    for (const [name, value] of Object.entries(object)) {
      const field = fieldOf(name, this.#options);
      if (field === undefined) {
        if (this.#ignored.size < REMEMBERED_COLUMNS) this.#ignored.add(name);
      } else if (typeof value === 'string' || typeof value === 'number') fields[field] ??= String(value).trim();
      else if (value !== null) return bad(line, 'malformed');
    }
    return { line, fields };
  }
}

/** CSV with a header. */
class WordsCsv implements WordsParser {
  ignoredColumns: readonly string[] = [];
  readonly #tokens: CsvTokenizer;
  readonly #options: Options;
  #roles: readonly (WordsField | undefined)[] | undefined;

  constructor(delimiter: string, options: Options) {
    this.#tokens = new CsvTokenizer(delimiter.charCodeAt(0));
    this.#options = options;
  }

  feed(chunk: Uint8Array): void {
    this.#tokens.feed(chunk);
  }

  end(): void {
    this.#tokens.end();
  }

  next(): WordsRecord | undefined {
    const tokens = this.#tokens;
    for (;;) {
      const step = tokens.next();
      if (step === 'more' || step === 'end') return undefined;
      if (this.#roles === undefined) this.#roles = this.#header(step === 'bad');
      else if (step === 'bad') return bad(tokens.line, tokens.problem);
      else return this.#row(this.#roles);
    }
  }

  #header(isBad: boolean): readonly (WordsField | undefined)[] {
    const names = isBad ? [] : Array.from({ length: this.#tokens.count }, (_, i) => this.#tokens.text(i));
    const fields = names.map((name) => fieldOf(name, this.#options));
    if (!fields.includes('text')) {
      const wanted = this.#options.content === 'urls' ? 'url' : 'keyword';
      throw new VigieError('list-header-invalid', { detail: `no column is called ${wanted}` });
    }
    this.ignoredColumns = reportable(names.filter((_, i) => fields[i] === undefined));
    return fields;
  }

  #row(roles: readonly (WordsField | undefined)[]): WordsRecord {
    const { line, count, bytes, starts, ends, nonAscii } = this.#tokens;
    if (nonAscii && !isUtf8(bytes.subarray(starts[0], ends[count - 1]))) return bad(line, 'invalid-utf8');
    const fields: Partial<Record<WordsField, string>> = {};
    for (let i = 0; i < count; i++) {
      const text = this.#tokens.text(i).trim();
      const role = roles[i];
      // A value beyond the header means that the fields have shifted.
      if (i >= roles.length && text !== '') return bad(line, 'malformed');
      if (role !== undefined && text !== '') fields[role] ??= text;
    }
    return { line, fields };
  }
}

const REMEMBERED_COLUMNS = 64;

function bad(line: number, problem: string): WordsRecord {
  return { line, problem: PROBLEMS[problem] ?? 'malformed-record', fields: {} };
}
