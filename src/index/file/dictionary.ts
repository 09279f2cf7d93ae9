const MAX_WORDS = 4096;

/** Words that repeat, by code from 1 on. When it is full, code 0 says that a word has to be written out. */
export class Dictionary {
  readonly #codes = new Map<string, number>();
  readonly #words: string[] = [];

  constructor(words: readonly string[] = []) {
    for (const word of words) this.code(word);
  }

  code(word: string): number {
    const known = this.#codes.get(word);
    if (known !== undefined) return known;
    // A list of long free texts in the place of grades must not become a dictionary.
    if (this.#words.length === MAX_WORDS || word.length > 64) return 0;
    this.#words.push(word);
    this.#codes.set(word, this.#words.length);
    return this.#words.length;
  }

  word(code: number): string {
    return this.#words[code - 1] ?? '';
  }

  get words(): readonly string[] {
    return this.#words;
  }
}
