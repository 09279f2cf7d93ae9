import type { Entry } from '../index/entry.js';

/**
 * Everything that an entry says, as one text: two entries with the same are the same. It holds the values of signals, so
 * it never leaves the process.
 */
export function canonicalEntry(entry: Entry): string {
  const { signals, opinions, ...rest } = entry;
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  return JSON.stringify([
    fields.sort(([a], [b]) => (a < b ? -1 : 1)),
    (opinions ?? []).map(({ member, affirmative }) => `${affirmative ? '+' : '-'}${member}`).sort(),
    signals.map(({ type, value, quality, active, derived }) => [
      ...[type, Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')],
      ...[quality ?? null, active, derived === true],
    ]),
  ]);
}
