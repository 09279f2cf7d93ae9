import { isUtf8 } from 'node:buffer';
import { VigieError } from '../../errors.js';
import type { SignalTypeName } from '../../signals/signal-type.js';
import { JsonSplitter } from './json-splitter.js';
import { isObject, parseObject } from './jsonl.js';
import type { ListParser } from './list-parser.js';
import type { ListRecord } from './list-record.js';

/** Names under which AlternativeHashes carry signals that we know, in lower case. */
const ALTERNATIVE: ReadonlyMap<string, SignalTypeName> = new Map([
  ['photodna', 'photodna'],
  ['pdq', 'pdq'],
  ['sha256', 'sha256'],
  ['sha-256', 'sha256'],
  ['sha1', 'sha1'],
  ['sha-1', 'sha1'],
  ['md5', 'md5'],
  ['vpdq', 'vpdq'],
]);

/**
 * Project VIC / CAID files, VICS data model 1.1 to 1.3 and 2.0 (JSON, OData): `value` holds media, or cases that hold
 * `Media`. `Category` becomes the grade, on the scale of the country that wrote the file; `MediaID` the id.
 */
export class VicsParser implements ListParser {
  readonly ignoredColumns: readonly string[] = [];
  readonly #objects = new JsonSplitter();

  feed(chunk: Uint8Array): void {
    this.#objects.feed(chunk);
  }

  end(): void {
    this.#objects.end();
  }

  next(record: ListRecord): boolean {
    const objects = this.#objects;
    const step = objects.next();
    if (step === 'more') return false;
    if (step === 'end') {
      if (!objects.found) throw new VigieError('list-malformed', { detail: 'line 1: there is no array "value"' });
      return false;
    }
    record.reset(objects.line);
    const { bytes, from, to } = objects;
    if (step === 'bad') record.problem = 'too-long';
    else if (!isUtf8(bytes.subarray(from, to))) record.problem = 'invalid-utf8';
    else {
      const medium = parseObject(bytes.toString('utf8', from, to));
      if (medium === undefined) record.problem = 'malformed';
      else readMedium(medium, record);
    }
    return true;
  }
}

function readMedium(medium: Readonly<Record<string, unknown>>, record: ListRecord): void {
  record.id = textOf(medium['MediaID']);
  record.grade = textOf(medium['Category']);
  record.kind = textOf(medium['MimeType']);
  record.comment = textOf(medium['Comments']);
  for (const [field, type] of [
    ['MD5', 'md5'],
    ['SHA1', 'sha1'],
    ['SHA256', 'sha256'],
  ] as const) {
    const value = textOf(medium[field]);
    if (value !== undefined) record.addText(type, value);
  }
  const alternatives = medium['AlternativeHashes'];
  if (!Array.isArray(alternatives)) return;
  for (const each of alternatives as readonly unknown[]) {
    if (!isObject(each)) continue;
    const type = ALTERNATIVE.get(textOf(each['HashName'])?.toLowerCase() ?? '');
    const value = textOf(each['HashValue']);
    if (type !== undefined && value !== undefined) record.addText(type, value);
  }
}

/** A text or number as a text; undefined for nothing. Writers of these files mix the two. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}
