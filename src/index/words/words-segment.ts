import { VigieError } from '../../errors.js';
import { KEYWORD_FOLDS, type KeywordFold } from '../../signals/keyword/fold.js';
import type { ByteSource } from '../byte-io.js';
import { type FoldArrays, type KeywordArrays, KeywordTable } from './keyword-table.js';
import { hashText, TextSlots } from './text-slots.js';
import { UrlTable } from './url-table.js';
import type { WordsContent, WordsEntry } from './words-entry.js';
import { type FlatArray, readWords } from './words-file.js';

/** What the records and ids of a segment are found by. */
export const RECORD_STARTS = 'record-starts';
export const IDS = 'ids';

/** A file of URLs or keywords in memory. What is shown of entries stays in the file until it is asked for. */
export class WordsSegment {
  readonly id: string;
  readonly content: WordsContent;
  readonly entries: number;
  readonly urls: UrlTable | undefined;
  readonly keywords: KeywordTable | undefined;
  readonly #source: ByteSource;
  readonly #arrays: ReadonlyMap<string, FlatArray>;
  readonly #recordsAt: number;
  #closed = false;

  private constructor(
    id: string,
    source: ByteSource,
    { table, arrays, records }: Awaited<ReturnType<typeof readWords>>,
  ) {
    this.id = id;
    this.content = table.content;
    this.entries = table.entries;
    this.#source = source;
    this.#arrays = arrays;
    this.#recordsAt = records.offset;
    if (table.content === 'urls') this.urls = new UrlTable(this.#urlArrays());
    else this.keywords = new KeywordTable(this.#keywordArrays());
  }

  /**
   * @param source the segment's from here on: closed with it, and when loading fails
   * @throws VigieError `segment-foreign`, `segment-damaged`, what the source throws, the signal's reason
   */
  static async load(source: ByteSource, id: string, signal?: AbortSignal): Promise<WordsSegment> {
    try {
      return new WordsSegment(id, source, await readWords(source, signal));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Memory that look-ups need. */
  get bytes(): number {
    return [...this.#arrays.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The row of an entry; undefined when there is none of this id. @throws VigieError `segment-closed` */
  async findRow(id: string): Promise<number | undefined> {
    const slots = new TextSlots(this.#array(IDS) as Uint32Array);
    const hash = hashText(id);
    for (let slot = slots.find(hash, hash); slot >= 0; slot = slots.find(hash, slot + 1)) {
      const row = slots.row(slot);
      if ((await this.entry(row)).id === id) return row;
    }
    return undefined;
  }

  /** @throws VigieError `segment-closed`, what the source throws */
  async entry(row: number): Promise<WordsEntry> {
    if (this.#closed) throw new VigieError('segment-closed');
    const starts = this.#array(RECORD_STARTS);
    const start = starts[row] as number;
    const bytes = new Uint8Array((starts[row + 1] as number) - start);
    await this.#source.readInto(this.#recordsAt + start, bytes.length, bytes);
    return JSON.parse(new TextDecoder().decode(bytes)) as WordsEntry;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#source.close();
  }

  #array(name: string): FlatArray {
    const array = this.#arrays.get(name);
    if (array === undefined) throw new VigieError('segment-damaged', { detail: name });
    return array;
  }

  #urlArrays() {
    const slots = this.#array('slots') as Uint32Array;
    const kinds = this.#array('kinds') as Uint8Array;
    const keyStarts = this.#array('key-starts') as Uint32Array;
    return { slots, kinds, keyStarts, keys: this.#array('keys') as Uint8Array };
  }

  #keywordArrays(): KeywordArrays {
    const folds: Partial<Record<KeywordFold, FoldArrays>> = {};
    for (const how of KEYWORD_FOLDS) {
      if (!this.#arrays.has(`${how}/root`)) continue;
      const part = (name: keyof FoldArrays) => this.#array(`${how}/${name}`);
      folds[how] = {
        root: part('root') as Uint32Array,
        units: part('units') as Uint16Array,
        children: part('children') as Uint32Array,
        fails: part('fails') as Uint32Array,
        ends: part('ends') as Uint32Array,
        shorter: part('shorter') as Uint32Array,
        lengths: part('lengths') as Uint16Array,
        rowStarts: part('rowStarts') as Uint32Array,
        rows: part('rows') as Uint32Array,
      };
    }
    return { anchors: this.#array('anchors') as Uint8Array, folds };
  }
}
