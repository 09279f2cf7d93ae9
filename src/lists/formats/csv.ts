import { isUtf8 } from 'node:buffer';
import { VigieError } from '../../errors.js';
import { SIGNAL_TYPE_NAMES, type SignalType, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { CsvTokenizer } from './csv-tokenizer.js';
import { InputBuffer } from './input-buffer.js';
import {
  type FieldName,
  fieldFor,
  LINE_LIMIT,
  type ListParser,
  type ParserOptions,
  reportable,
} from './list-parser.js';
import type { ListRecord } from './list-record.js';

/** What a column holds: a signal, one of the other fields, or nothing of ours. */
type Role = SignalType | Exclude<FieldName, SignalTypeName> | undefined;

const LF = 10;
const SPACE = 32;

/**
 * CSV with a header of any of id, md5, sha1, sha256, pdq, quality, photodna, vpdq, grade, kind, added, comment, member, in any
 * order and case; at least one signal. The delimiter (comma, semicolon or tab) is told from the header.
 */
export class CsvParser implements ListParser {
  ignoredColumns: readonly string[] = [];
  readonly #options: ParserOptions;
  /** Input before the delimiter is known. */
  readonly #head = new InputBuffer(4096);
  #tokens: CsvTokenizer | undefined;
  #roles: Role[] | undefined;

  constructor(options: ParserOptions = {}) {
    this.#options = options;
  }

  feed(chunk: Uint8Array): void {
    if (this.#tokens !== undefined) this.#tokens.feed(chunk);
    else {
      this.#head.feed(chunk);
      this.#chooseDelimiter();
    }
  }

  end(): void {
    this.#head.ended = true;
    if (this.#tokens === undefined) this.#chooseDelimiter();
    this.#tokens?.end();
  }

  next(record: ListRecord): boolean {
    const tokens = this.#tokens;
    if (tokens === undefined) return false;
    for (;;) {
      const step = tokens.next();
      if (step === 'more') return false;
      if (step === 'end') {
        if (this.#roles === undefined) throw new VigieError('list-header-invalid', { detail: 'the file is empty' });
        return false;
      }
      if (this.#roles === undefined) {
        if (step === 'bad') throw new VigieError('list-header-invalid', { detail: 'the header cannot be read' });
        this.#roles = this.#readHeader(tokens);
        continue;
      }
      record.reset(tokens.line);
      if (step === 'bad') record.problem = tokens.problem;
      else this.#readRow(tokens, this.#roles, record);
      return true;
    }
  }

  /** The first line that is not empty decides: the delimiter that gives most columns of ours. */
  #chooseDelimiter(): void {
    const { bytes, end, ended } = this.#head;
    let lineStart = 0;
    let lineEnd = bytes.indexOf(LF);
    while (lineEnd < end && isBlank(bytes, lineStart, lineEnd)) {
      lineStart = lineEnd + 1;
      lineEnd = bytes.indexOf(LF, lineStart);
    }
    if (lineEnd >= end && !ended) {
      if (end > LINE_LIMIT) throw new VigieError('list-header-invalid', { detail: 'the first line is too long' });
      return;
    }
    const delimiter = headerDelimiter(bytes.toString('utf8', lineStart, lineEnd), this.#options.map);
    this.#tokens = new CsvTokenizer((delimiter ?? ',').charCodeAt(0));
    this.#tokens.feed(bytes.subarray(0, end));
  }

  #readHeader(tokens: CsvTokenizer): Role[] {
    const names = Array.from({ length: tokens.count }, (_, i) => tokens.text(i));
    const fields = names.map((name) => fieldFor(name, this.#options.map));
    if (!fields.some(isSignalName)) {
      throw new VigieError('list-header-invalid', { detail: `line ${tokens.line} names no signal` });
    }
    this.ignoredColumns = reportable(names.filter((_, i) => fields[i] === undefined));
    return fields.map((field, i) => {
      if (field === undefined) return undefined;
      if (isSignalName(field)) return signalType(field);
      return fields.indexOf(field) === i ? field : undefined;
    });
  }

  #readRow(tokens: CsvTokenizer, roles: readonly Role[], record: ListRecord): void {
    const { bytes, count, starts, ends } = tokens;
    if (tokens.nonAscii && !isUtf8(bytes.subarray(starts[0], ends[count - 1]))) {
      record.problem = 'invalid-utf8';
      return;
    }
    for (let i = roles.length; i < count; i++) {
      // A value beyond the header means that the fields have shifted: no column can be trusted.
      if (starts[i] !== ends[i]) record.problem = 'malformed';
    }
    if (record.problem !== undefined) return;
    const used = Math.min(count, roles.length);
    for (let i = 0; i < used; i++) {
      const role = roles[i];
      if (role === undefined) continue;
      let start = starts[i] as number;
      let end = ends[i] as number;
      while (start < end && (bytes[start] as number) <= SPACE) start++;
      while (end > start && (bytes[end - 1] as number) <= SPACE) end--;
      if (start === end) continue;
      // Quotes within a field are doubled, and frames may come as JSON.
      if (typeof role === 'object' && role.name === 'vpdq') record.addFrames(tokens.text(i).trim());
      else if (typeof role === 'object') record.addBytes(role, bytes, start, end);
      else if (role === 'comment') record.comment = tokens.text(i).trim();
      else setField(record, role, tokens.text(i).trim());
    }
  }
}

function setField(record: ListRecord, role: Exclude<FieldName, SignalTypeName | 'comment'>, text: string): void {
  if (role === 'id') record.id = text;
  else if (role === 'grade') record.grade = text;
  else if (role === 'kind') record.kind = text;
  else if (role === 'member') record.member = text;
  else if (role === 'quality') record.setQuality(text);
  else record.setAdded(text);
}

function isSignalName(field: FieldName | undefined): field is SignalTypeName {
  return (SIGNAL_TYPE_NAMES as readonly (string | undefined)[]).includes(field);
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) > SPACE) return false;
  return true;
}

/** The delimiter under which a line reads as a header with at least one signal; undefined when it is none. */
export function headerDelimiter(line: string, map: ParserOptions['map']): ',' | ';' | '\t' | undefined {
  let best: ',' | ';' | '\t' | undefined;
  let most = 0;
  for (const delimiter of [',', ';', '\t'] as const) {
    const names = line.replace(/^\uFEFF/, '').split(delimiter);
    const fields = names.map((name) => fieldFor(name.trim().replace(/^"(.*)"$/, '$1'), map));
    const known = fields.filter((field) => field !== undefined).length;
    if (fields.some(isSignalName) && known > most) {
      most = known;
      best = delimiter;
    }
  }
  return best;
}
