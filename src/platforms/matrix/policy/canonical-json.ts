/** A value that has no canonical form, so that it can neither be hashed nor signed. */
export class NotCanonical extends Error {}

/** Deeper than any event; what is deeper only wants to exhaust the stack. */
const DEEPEST = 300;

/**
 * JSON in the one form that is hashed and signed (Matrix specification, appendices, "Canonical JSON"): the shortest, names
 * in the order of their code points, whole numbers within what a double holds exactly.
 * @throws NotCanonical
 */
export function canonicalJson(value: unknown): string {
  return written(value, 0);
}

function written(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new NotCanonical('too deep');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return stringOf(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new NotCanonical('a number that is not whole, or too large');
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((each) => written(each, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new NotCanonical(`a ${typeof value}`);
  const fields = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${fields.map(([name, each]) => `${stringOf(name)}:${written(each, depth + 1)}`).join(',')}}`;
}

/** Half of a surrogate pair is no character, and cannot be written in UTF-8. */
function stringOf(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new NotCanonical('half a character');
  return JSON.stringify(text);
}
