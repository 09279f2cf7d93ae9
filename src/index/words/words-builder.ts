import type { KeywordEntry } from '../../signals/keyword/keyword-entry.js';
import type { UrlEntry } from '../../signals/url/url-entry.js';
import type { ByteSink } from '../byte-io.js';
import { KeywordTable } from './keyword-table.js';
import { hashText, TextSlots } from './text-slots.js';
import { UrlTable } from './url-table.js';
import type { ReadEntry, WordsContent } from './words-entry.js';
import { type FlatArray, writeWords } from './words-file.js';
import { IDS, RECORD_STARTS } from './words-segment.js';

/** Records are gathered in pieces of this size. */
const PIECE = 2 ** 20;

/** Gathers entries of one content and writes them as they are searched. */
export class WordsBuilder {
  readonly #content: WordsContent;
  readonly #urls: UrlEntry[] = [];
  readonly #keywords: KeywordEntry[] = [];
  readonly #ids: number[] = [];
  readonly #starts: number[] = [0];
  readonly #pieces: Uint8Array[] = [];
  #piece = new Uint8Array(0);
  #used = 0;
  #bytes = 0;

  constructor(content: WordsContent) {
    this.#content = content;
  }

  get entries(): number {
    return this.#ids.length;
  }

  /** Bytes of the records so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(read: ReadEntry): void {
    if (read.content === 'urls') this.#urls.push(read.search);
    else this.#keywords.push(read.search);
    this.#ids.push(hashText(read.entry.id));
    this.#append(new TextEncoder().encode(JSON.stringify(read.entry)));
    this.#starts.push(this.#bytes);
  }

  async finish(sink: ByteSink): Promise<void> {
    const ids = TextSlots.for(this.entries);
    for (const [row, hash] of this.#ids.entries()) ids.add(hash, row);
    const sections: [string, FlatArray][] = [
      ...this.#searched(),
      [IDS, ids.array],
      [RECORD_STARTS, Uint32Array.from(this.#starts)],
      ['records', this.#records()],
    ];
    await writeWords(sink, { content: this.#content, entries: this.entries }, sections);
  }

  #searched(): [string, FlatArray][] {
    if (this.#content === 'urls') {
      const { slots, kinds, keyStarts, keys } = UrlTable.build(this.#urls);
      return [
        ['slots', slots],
        ['kinds', kinds],
        ['key-starts', keyStarts],
        ['keys', keys],
      ];
    }
    const { anchors, folds } = KeywordTable.build(this.#keywords);
    const parts = Object.entries(folds).flatMap(([how, arrays]) =>
      Object.entries(arrays).map(([name, array]): [string, FlatArray] => [`${how}/${name}`, array as FlatArray]),
    );
    return [['anchors', anchors], ...parts];
  }

  #append(record: Uint8Array): void {
    if (this.#used + record.length > this.#piece.length) {
      this.#pieces.push(this.#piece.subarray(0, this.#used));
      this.#piece = new Uint8Array(Math.max(PIECE, record.length));
      this.#used = 0;
    }
    this.#piece.set(record, this.#used);
    this.#used += record.length;
    this.#bytes += record.length;
  }

  #records(): Uint8Array {
    const all = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of [...this.#pieces, this.#piece.subarray(0, this.#used)]) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
