import { type NormalUrl, urlKey } from '../../signals/url/normal-url.js';
import { URL_ENTRY_KINDS, type UrlEntry, type UrlEntryKind } from '../../signals/url/url-entry.js';
import { addToHash, endHash, startHash, TextSlots } from './text-slots.js';

/** The flat arrays of a table: what is written into a file, and what look-ups need in memory. */
export interface UrlArrays {
  readonly slots: Uint32Array;
  readonly kinds: Uint8Array;
  /** Where the key of a row begins; one more than there are rows. */
  readonly keyStarts: Uint32Array;
  /** The keys, which are ASCII. */
  readonly keys: Uint8Array;
}

const KIND_NUMBER: Readonly<Record<UrlEntryKind, number>> = { exact: 0, prefix: 1, host: 2 };
const SLASH = 0x2f;
const DOT = 0x2e;
/** No name is longer. */
const LONGEST_HOST = 253;

/** Entries of a list of URLs in hash tables: a look-up tries the address, every path above it and every host above its own. */
export class UrlTable {
  readonly #slots: TextSlots;
  readonly #arrays: UrlArrays;

  constructor(arrays: UrlArrays) {
    this.#arrays = arrays;
    this.#slots = new TextSlots(arrays.slots);
  }

  /** @param entries rows in their order; of equal ones each is found */
  static build(entries: readonly UrlEntry[]): UrlArrays {
    const slots = TextSlots.for(entries.length);
    const kinds = new Uint8Array(entries.length);
    const keyStarts = new Uint32Array(entries.length + 1);
    const keys = new Uint8Array(entries.reduce((sum, { key }) => sum + key.length, 0));
    let at = 0;
    for (const [row, { kind, key }] of entries.entries()) {
      kinds[row] = KIND_NUMBER[kind];
      keyStarts[row] = at;
      for (let i = 0; i < key.length; i++) keys[at++] = key.charCodeAt(i);
      slots.add(hashKey(kind, key), row);
    }
    keyStarts[entries.length] = at;
    return { slots: slots.array, kinds, keyStarts, keys };
  }

  get entries(): number {
    return this.#arrays.kinds.length;
  }

  get bytes(): number {
    const { slots, kinds, keyStarts, keys } = this.#arrays;
    return slots.byteLength + kinds.byteLength + keyStarts.byteLength + keys.byteLength;
  }

  kind(row: number): UrlEntryKind {
    return URL_ENTRY_KINDS[this.#arrays.kinds[row] as number] as UrlEntryKind;
  }

  /** Rows of all entries that the address falls under. Takes time in proportion to its length. */
  find(url: NormalUrl): number[] {
    const rows: number[] = [];
    const key = urlKey(url);
    const base = url.host.length + url.port.length;
    this.#alongPath(key, base, base + url.path.length, rows);
    this.#aboveHost(url.host, url.port, rows);
    return rows;
  }

  #alongPath(key: string, base: number, pathEnd: number, rows: number[]): void {
    let exact = startHash(KIND_NUMBER.exact);
    let prefix = startHash(KIND_NUMBER.prefix);
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (i === base || (i > base && i < pathEnd && code === SLASH))
        this.#collect('prefix', endHash(prefix), key, i, rows);
      exact = addToHash(exact, code);
      prefix = addToHash(prefix, code);
      if (i + 1 === pathEnd && pathEnd > base) this.#collect('prefix', endHash(prefix), key, pathEnd, rows);
    }
    if (key.length === base) this.#collect('prefix', endHash(prefix), key, base, rows);
    this.#collect('exact', endHash(exact), key, key.length, rows);
  }

  /** Hosts are hashed from their end, so that all that stand above one are hashed with it. */
  #aboveHost(host: string, port: string, rows: number[]): void {
    for (const suffix of port === '' ? [''] : ['', port]) {
      let hash = startHash(KIND_NUMBER.host);
      for (let i = suffix.length - 1; i >= 0; i--) hash = addToHash(hash, suffix.charCodeAt(i));
      const last = Math.max(0, host.length - LONGEST_HOST);
      for (let i = host.length - 1; i >= last; i--) {
        hash = addToHash(hash, host.charCodeAt(i));
        if (i > 0 && host.charCodeAt(i - 1) !== DOT) continue;
        const above = host.slice(i) + suffix;
        this.#collect('host', endHash(hash), above, above.length, rows);
      }
    }
  }

  #collect(kind: UrlEntryKind, hash: number, key: string, length: number, rows: number[]): void {
    const wanted = KIND_NUMBER[kind];
    for (let slot = this.#slots.find(hash, hash); slot >= 0; slot = this.#slots.find(hash, slot + 1)) {
      const row = this.#slots.row(slot);
      if (this.#arrays.kinds[row] === wanted && this.#isKey(row, key, length)) rows.push(row);
    }
  }

  #isKey(row: number, key: string, length: number): boolean {
    const { keyStarts, keys } = this.#arrays;
    const start = keyStarts[row] as number;
    if ((keyStarts[row + 1] as number) - start !== length) return false;
    for (let i = 0; i < length; i++) if (keys[start + i] !== key.charCodeAt(i)) return false;
    return true;
  }
}

function hashKey(kind: UrlEntryKind, key: string): number {
  let hash = startHash(KIND_NUMBER[kind]);
  if (kind === 'host') for (let i = key.length - 1; i >= 0; i--) hash = addToHash(hash, key.charCodeAt(i));
  else for (let i = 0; i < key.length; i++) hash = addToHash(hash, key.charCodeAt(i));
  return endHash(hash);
}
