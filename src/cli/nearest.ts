const MOST = 3;

/**
 * What somebody may have meant: the words that are few edits away, or that share a part with what was typed.
 * @returns at most three, the nearest first
 */
export function nearest(typed: string, words: readonly string[]): readonly string[] {
  const parts = new Set(partsOf(typed).filter((part) => part.length > 2));
  const rated = words.map((word) => {
    const shared = partsOf(word).filter((part) => parts.has(part)).length;
    return { word, shared, edits: editDistance(typed.toLowerCase(), word) };
  });
  return rated
    .filter(({ word, shared, edits }) => shared > 0 || edits <= Math.max(2, word.length / 4))
    .sort((a, b) => a.edits - b.edits || b.shared - a.shared)
    .slice(0, MOST)
    .map(({ word }) => word);
}

const partsOf = (text: string): string[] => text.toLowerCase().split(/[^a-z0-9]+/);

/** Levenshtein distance, row by row (Wagner and Fischer, 1974). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above = 0, left = 0, before = 0] = [row[j], next[j - 1], row[j - 1]];
      next.push(Math.min(above + 1, left + 1, before + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
