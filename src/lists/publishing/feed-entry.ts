import { z } from 'zod';
import type { Entry, EntrySignal, Opinion } from '../../index/entry.js';
import { OPINION_LIMIT } from '../../index/entry.js';
import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { signalType } from '../../signals/signal-types.js';
import { MINIMUM_PDQ_QUALITY } from '../admit.js';

/** An entry as it travels: a line of a page. What we note of it for ourselves stays here. */
const feedEntryShape = z.object({
  id: z.string().min(1).max(512),
  grade: z.string().max(64).optional(),
  kind: z.string().max(64).optional(),
  added: z.iso.datetime({ offset: true }).optional(),
  member: z.string().max(512).optional(),
  opinions: z.array(z.object({ member: z.string().max(512), affirmative: z.boolean() })).optional(),
  // The type is open: a publisher may know more of them than we do.
  signals: z.array(
    z.object({ type: z.string(), value: z.string(), quality: z.number().int().min(0).max(100).optional() }),
  ),
});

/** @param opinions what the members of the publisher think, beside what the entry itself brings along */
export function toFeedEntry(entry: Entry, opinions: readonly Opinion[] = []): z.output<typeof feedEntryShape> {
  const { id, grade, kind, added, member, signals } = entry;
  const all = [...opinions, ...(entry.opinions ?? [])].slice(0, OPINION_LIMIT);
  return {
    id,
    ...(grade !== undefined && { grade }),
    ...(kind !== undefined && { kind }),
    ...(added !== undefined && { added: new Date(added).toISOString() }),
    ...(member !== undefined && { member }),
    ...(all.length > 0 && { opinions: all.map((each) => ({ member: each.member, affirmative: each.affirmative })) }),
    signals: signals.map(({ type, value, quality }) => ({
      type,
      // A frame as it is stored, with its time.
      value: type === 'vpdq' ? Buffer.from(value).toString('hex') : signalType(type).format(value),
      ...(quality !== undefined && { quality }),
    })),
  };
}

/** An entry that arrived, and the signals of it that cannot be used: their types are not known here, or not their values. */
export interface ReadFeedEntry {
  readonly entry: Entry;
  readonly unknown: readonly string[];
  readonly malformed: number;
}

/** @returns undefined when it is no entry at all */
export function fromFeedEntry(value: unknown): ReadFeedEntry | undefined {
  const parsed = feedEntryShape.safeParse(value);
  if (!parsed.success) return undefined;
  const { id, grade, kind, added, member, opinions } = parsed.data;
  const signals: EntrySignal[] = [];
  const unknown: string[] = [];
  let malformed = 0;
  for (const { type, value: text, quality } of parsed.data.signals) {
    if (!isSignalTypeName(type)) {
      unknown.push(type.slice(0, 64));
      continue;
    }
    try {
      const active = quality === undefined || quality >= MINIMUM_PDQ_QUALITY;
      signals.push({ type, value: signalType(type).parse(text), active, ...(quality !== undefined && { quality }) });
    } catch {
      malformed++;
    }
  }
  const entry: Entry = {
    id,
    signals,
    ...(grade !== undefined && { grade }),
    ...(kind !== undefined && { kind }),
    ...(added !== undefined && { added: Date.parse(added) }),
    ...(member !== undefined && { member }),
    ...(opinions !== undefined && opinions.length > 0 && { opinions: opinions.slice(0, OPINION_LIMIT) }),
  };
  return { entry, unknown, malformed };
}

function isSignalTypeName(text: string): text is SignalTypeName {
  return (SIGNAL_TYPE_NAMES as readonly string[]).includes(text);
}
