import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { LineReader } from './line-reader.js';
import { type FieldName, fieldFor, type ListParser, type ParserOptions, reportable } from './list-parser.js';
import { type ListRecord, qualityOf } from './list-record.js';

const SIGNALS: ReadonlySet<string> = new Set(SIGNAL_TYPE_NAMES);

/** Distinct names that are remembered as ignored; more would let a file grow our memory. */
const REMEMBERED_COLUMNS = 64;

/**
 * One JSON object a line, with the fields of the CSV header. A signal may be a text or an array of texts; `signals` may
 * hold objects `{type, value, quality, derived}` instead, or the same fields by their names. Frames of a video are a text in one of
 * the forms of vPDQ, or an array of texts or objects. `opinions` holds objects `{member, affirmative}`.
 */
export class JsonlParser implements ListParser {
  readonly #lines = new LineReader();
  readonly #map: ParserOptions['map'];
  readonly #fields = new Map<string, FieldName>();
  readonly #ignored = new Set<string>();

  constructor({ map }: ParserOptions = {}) {
    this.#map = map;
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

  next(record: ListRecord): boolean {
    const lines = this.#lines;
    const step = lines.next();
    if (step === 'more' || step === 'end') return false;
    record.reset(lines.line);
    if (step === 'bad') record.problem = lines.problem;
    else this.#read(lines, record);
    return true;
  }

  #read({ bytes, from, to }: LineReader, record: ListRecord): void {
    const object = parseObject(bytes.toString('utf8', from, to));
    if (object === undefined) {
      record.problem = 'malformed';
      return;
    }
    for (const name in object) {
      const value = object[name];
      if (value === null || value === undefined || value === '') continue;
      const field = this.#fieldOf(name);
      if (field !== undefined) setField(record, field, value);
      else if (name === 'signals') addSignals(record, value);
      else if (name === 'opinions') addOpinions(record, value);
      else if (this.#ignored.size < REMEMBERED_COLUMNS) this.#ignored.add(name);
    }
  }

  #fieldOf(name: string): FieldName | undefined {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const field = fieldFor(name, this.#map);
    if (field !== undefined && this.#fields.size < REMEMBERED_COLUMNS) this.#fields.set(name, field);
    return field;
  }
}

/** A text as a JSON object, or undefined when it is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(value) ? value : undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function setField(record: ListRecord, field: FieldName, value: unknown): void {
  if (field === 'vpdq') addVideo(record, value);
  else if (SIGNALS.has(field)) {
    for (const each of Array.isArray(value) ? value : [value]) addSignal(record, field as SignalTypeName, each);
  } else if (field === 'quality') record.setQuality(value);
  else if (field === 'added') record.setAdded(value);
  else if (typeof value === 'string' || typeof value === 'number') {
    record[field as 'id' | 'grade' | 'kind' | 'comment' | 'member'] = String(value).trim();
  } else if (field === 'id') record.problem = 'malformed';
  else record.unreadable.push(field);
}

function addSignal(record: ListRecord, type: SignalTypeName, value: unknown, quality?: number, derived = false): void {
  if (typeof value === 'string') record.addText(type, value, quality, derived);
  else record.malformed.push(type);
}

function addVideo(record: ListRecord, value: unknown): void {
  if (typeof value === 'string' || Array.isArray(value)) record.addFrames(value as string | readonly unknown[]);
  else record.addFrames([value]);
}

function addSignals(record: ListRecord, signals: unknown): void {
  if (isObject(signals)) {
    for (const [name, value] of Object.entries(signals)) {
      const type = name.toLowerCase();
      if (value === null || value === '') continue;
      if (SIGNALS.has(type)) setField(record, type as SignalTypeName, value);
      else record.unreadable.push('signals');
    }
    return;
  }
  if (!Array.isArray(signals)) {
    record.problem = 'malformed';
    return;
  }
  for (const each of signals as readonly unknown[]) {
    const type = isObject(each) && typeof each['type'] === 'string' ? each['type'].toLowerCase() : '';
    if (isObject(each) && type === 'vpdq' && hasTime(each)) {
      record.addFrames([each]);
    } else if (isObject(each) && SIGNALS.has(type)) {
      addSignal(record, type as SignalTypeName, each['value'], qualityOf(each['quality']), each['derived'] === true);
    } else record.unreadable.push('signals');
  }
}

function addOpinions(record: ListRecord, opinions: unknown): void {
  for (const each of Array.isArray(opinions) ? (opinions as readonly unknown[]) : [opinions]) {
    const { member, affirmative } = isObject(each) ? each : {};
    if ((typeof member === 'string' || typeof member === 'number') && typeof affirmative === 'boolean') {
      record.opinions.push({ member: String(member).trim(), affirmative });
    } else record.unreadable.push('opinions');
  }
}

const hasTime = (frame: Readonly<Record<string, unknown>>): boolean =>
  frame['seconds'] !== undefined || frame['timestamp'] !== undefined;
