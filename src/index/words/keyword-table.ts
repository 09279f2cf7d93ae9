import { fold, KEYWORD_FOLDS, type KeywordFold, placesBefore } from '../../signals/keyword/fold.js';
import type { KeywordEntry } from '../../signals/keyword/keyword-entry.js';
import { isWordBreak } from '../../signals/keyword/word-breaks.js';
import { type AutomatonArrays, buildAutomaton, findWords } from './automaton.js';

/** The keywords of one way of folding. */
export interface FoldArrays extends AutomatonArrays {
  readonly lengths: Uint16Array;
  /** Which rows a word belongs to: `rows[rowStarts[word] .. rowStarts[word + 1])`. */
  readonly rowStarts: Uint32Array;
  readonly rows: Uint32Array;
}

export interface KeywordArrays {
  /** By row: 1 when it has to begin a word, 2 when it has to end one, or both. */
  readonly anchors: Uint8Array;
  readonly folds: Readonly<Partial<Record<KeywordFold, FoldArrays>>>;
}

/** How often an entry stands in a text, and where first, in UTF-16 units. */
export interface KeywordHit {
  readonly row: number;
  readonly count: number;
  readonly at: number;
}

const AT_START = 1;
const AT_END = 2;

/** Entries of a list of keywords, searched for all at once. */
export class KeywordTable {
  readonly #arrays: KeywordArrays;

  constructor(arrays: KeywordArrays) {
    this.#arrays = arrays;
  }

  /** @param entries rows in their order */
  static build(entries: readonly KeywordEntry[]): KeywordArrays {
    const anchors = Uint8Array.from(entries, ({ atStart, atEnd }) => (atStart ? AT_START : 0) | (atEnd ? AT_END : 0));
    const folds: Partial<Record<KeywordFold, FoldArrays>> = {};
    for (const how of KEYWORD_FOLDS) {
      const rows = new Map<string, number[]>();
      for (const [row, entry] of entries.entries()) {
        if (entry.fold !== how) continue;
        const same = rows.get(entry.text);
        if (same === undefined) rows.set(entry.text, [row]);
        else same.push(row);
      }
      if (rows.size > 0) folds[how] = buildFold(rows);
    }
    return { anchors, folds };
  }

  get entries(): number {
    return this.#arrays.anchors.length;
  }

  get bytes(): number {
    let sum = this.#arrays.anchors.byteLength;
    for (const arrays of Object.values(this.#arrays.folds)) {
      for (const each of Object.values(arrays)) sum += (each as Uint8Array).byteLength;
    }
    return sum;
  }

  /** Takes time in proportion to the text and to what is found in it. */
  find(text: string): KeywordHit[] {
    const hits: KeywordHit[] = [];
    for (const how of KEYWORD_FOLDS) {
      const arrays = this.#arrays.folds[how];
      if (arrays !== undefined) hits.push(...this.#findFolded(arrays, text, how));
    }
    return hits;
  }

  #findFolded(arrays: FoldArrays, text: string, how: KeywordFold): KeywordHit[] {
    const folded = fold(text, how);
    const counts = new Map<number, { count: number; at: number }>();
    findWords(arrays, folded, (word, end) => {
      const start = end - (arrays.lengths[word] as number);
      const begins = isWordBreak(folded, start) ? AT_START : 0;
      const breaks = begins | (isWordBreak(folded, end) ? AT_END : 0);
      for (let i = arrays.rowStarts[word] as number; i < (arrays.rowStarts[word + 1] as number); i++) {
        const row = arrays.rows[i] as number;
        if (((this.#arrays.anchors[row] as number) & ~breaks) !== 0) continue;
        const before = counts.get(row);
        if (before === undefined) counts.set(row, { count: 1, at: start });
        else before.count++;
      }
    });
    const places = [...counts.values()].map(({ at }) => at);
    const before = placesBefore(text, how, places);
    return [...counts].map(([row, { count }], i) => ({ row, count, at: before[i] as number }));
  }
}

function buildFold(rowsOf: ReadonlyMap<string, readonly number[]>): FoldArrays {
  // The order of strings is that of their units.
  const words = [...rowsOf.keys()].sort();
  const rowStarts = new Uint32Array(words.length + 1);
  const rows: number[] = [];
  for (const [word, text] of words.entries()) {
    rows.push(...(rowsOf.get(text) ?? []));
    rowStarts[word + 1] = rows.length;
  }
  const lengths = Uint16Array.from(words, ({ length }) => length);
  return { ...buildAutomaton(words), lengths, rowStarts, rows: Uint32Array.from(rows) };
}
