import { VigieError } from '../../../errors.js';
import { OpinionCounter } from '../wire/opinions.js';
import { readXml } from '../wire/read-xml.js';
import { parseNcmecTime } from './ncmec-times.js';

/** A page has a thousand; more than this is none. */
const RECORDS_LIMIT = 20_000;
const FINGERPRINTS_LIMIT = 200;

export interface NcmecFingerprint {
  /** The name of its element. */
  readonly tag: string;
  /** Undefined when it is too long to be one that we know. */
  readonly value: string | undefined;
  /** It is not here, but under an address of its own. */
  readonly elsewhere: boolean;
}

/** One image or video as a page tells of it, before any rule was applied. */
export interface NcmecRecord {
  readonly kind: 'image' | 'video';
  /** It was there, and is no more. */
  readonly deleted: boolean;
  member: string | undefined;
  id: string | undefined;
  /** Milliseconds since 1970. */
  timestamp: number | undefined;
  classification: string | undefined;
  readonly fingerprints: NcmecFingerprint[];
  readonly opinions: OpinionCounter;
}

export interface NcmecPage {
  readonly records: readonly NcmecRecord[];
  /** Where the next page is, as it is written; undefined after the last. */
  readonly next: string | undefined;
  /** Names of what stands where records do and is none that we know. */
  readonly unknown: readonly string[];
}

const RECORD_KINDS: ReadonlyMap<string, Pick<NcmecRecord, 'kind' | 'deleted'>> = new Map([
  ['image', { kind: 'image', deleted: false }],
  ['video', { kind: 'video', deleted: false }],
  ['deletedImage', { kind: 'image', deleted: true }],
  ['deletedVideo', { kind: 'video', deleted: true }],
]);

/** Depth of a record below `queryResult` and `images` or `videos`. */
const RECORD_DEPTH = 2;

/**
 * Reads a page of entries (`queryResult`). All of it is read before anything is given, so that one that is cut short
 * tells nothing.
 * @throws VigieError `source-malformed`
 */
export async function readNcmecPage(body: AsyncIterable<Uint8Array>): Promise<NcmecPage> {
  const reader = new PageReader();
  await readXml(body, 'queryResult', reader);
  return reader;
}

class PageReader implements NcmecPage {
  readonly records: NcmecRecord[] = [];
  readonly unknown: string[] = [];
  next: string | undefined;
  readonly #path: string[] = [];
  #record: NcmecRecord | undefined;
  /** Whether the opinions that are being read agree; undefined outside of feedback. */
  #affirmative: boolean | undefined;
  #since = 0;
  #elsewhere = false;

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void {
    this.#path.push(name);
    if (depth === RECORD_DEPTH && /^(?:images|videos)$/.test(this.#path[1] ?? '')) this.#begin(name);
    const record = this.#record;
    if (record === undefined || depth <= RECORD_DEPTH) return;
    const within = this.#path[RECORD_DEPTH + 1];
    this.#elsewhere = attributes['href'] !== undefined;
    if (depth === RECORD_DEPTH + 1 && name === 'member') record.member = attributes['id'];
    if (within !== 'feedback') return;
    if (name === 'affirmativeFeedback' || name === 'negativeFeedback') {
      this.#affirmative = name === 'affirmativeFeedback';
      this.#since = parseNcmecTime(attributes['lastUpdateTimestamp']) ?? 0;
    } else if (name === 'members') {
      this.#since = parseNcmecTime(attributes['timestamp']) ?? this.#since;
    } else if (name === 'member' && this.#affirmative !== undefined) {
      record.opinions.add(attributes['id'] ?? '', this.#affirmative, this.#since);
    }
  }

  close(name: string, text: string | undefined, depth: number): void {
    this.#path.pop();
    const record = this.#record;
    if (record === undefined) {
      if (name === 'next' && this.#path.at(-1) === 'paging' && text !== '') this.next = text ?? '';
    } else if (depth === RECORD_DEPTH) {
      this.#record = undefined;
    } else if (depth === RECORD_DEPTH + 1) {
      if (name === 'id') record.id = text;
      else if (name === 'timestamp') record.timestamp = parseNcmecTime(text);
      else if (name === 'classification') record.classification = text;
    } else if (depth === RECORD_DEPTH + 2 && this.#path[RECORD_DEPTH + 1] === 'fingerprints') {
      if (record.fingerprints.length < FINGERPRINTS_LIMIT) {
        record.fingerprints.push({ tag: name, value: text, elsewhere: text === '' && this.#elsewhere });
      }
    } else if (name === 'affirmativeFeedback' || name === 'negativeFeedback') {
      this.#affirmative = undefined;
    }
  }

  #begin(name: string): void {
    const known = RECORD_KINDS.get(name);
    if (known === undefined) {
      if (this.unknown.length < RECORDS_LIMIT) this.unknown.push(name);
      return;
    }
    if (this.records.length >= RECORDS_LIMIT) throw new VigieError('source-malformed', { detail: 'an endless page' });
    this.#record = {
      ...known,
      ...{ member: undefined, id: undefined, timestamp: undefined, classification: undefined },
      ...{ fingerprints: [], opinions: new OpinionCounter() },
    };
    this.records.push(this.#record);
  }
}
