import { z } from 'zod';
import { VigieError } from '../errors.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import type { Keyring } from '../storage/keyring.js';
import { seal, unseal } from '../storage/seal.js';

const PURPOSE = { proposal: 'proposal', derived: 'derived' } as const;

const signalSchema = z.object({
  type: z.enum(SIGNAL_TYPE_NAMES),
  value: z.base64(),
  quality: z.number().optional(),
  active: z.boolean(),
  derived: z.boolean().optional(),
});

const entrySchema = z.object({
  id: z.string(),
  grade: z.string().optional(),
  kind: z.string().optional(),
  added: z.number().optional(),
  comment: z.string().optional(),
  signals: z.array(signalSchema),
});

/**
 * Seals an entry that does not act yet, or signals of one that were derived; it opens only under the id of its row.
 * @param id of the row
 */
export function sealEntry(keyring: Keyring, purpose: keyof typeof PURPOSE, id: string, entry: Entry): Uint8Array {
  const { id: entryId, grade, kind, added, comment, signals } = entry;
  const plain = {
    ...{ id: entryId, grade, kind, added, comment },
    signals: signals.map(({ value, ...rest }) => ({
      ...rest,
      value: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    })),
  };
  return seal(keyring, Buffer.from(JSON.stringify(plain)), { purpose: PURPOSE[purpose], aad: id });
}

/** @throws VigieError `seal-key-wrong`, `seal-damaged` */
export function openEntry(keyring: Keyring, purpose: keyof typeof PURPOSE, id: string, sealed: Uint8Array): Entry {
  const plain = unseal(keyring, sealed, { purpose: PURPOSE[purpose], aad: id });
  const read = entrySchema.safeParse(JSON.parse(Buffer.from(plain).toString()));
  if (!read.success) throw new VigieError('seal-damaged');
  const { id: entryId, grade, kind, added, comment, signals } = read.data;
  return {
    id: entryId,
    signals: signals.map(
      ({ type, value, quality, active, derived }): EntrySignal => ({
        ...{ type, active, value: new Uint8Array(Buffer.from(value, 'base64')) },
        ...(quality === undefined ? {} : { quality }),
        ...(derived === undefined ? {} : { derived }),
      }),
    ),
    ...(grade === undefined ? {} : { grade }),
    ...(kind === undefined ? {} : { kind }),
    ...(added === undefined ? {} : { added }),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** How many signals of each type there are. */
export function countSignals(signals: readonly EntrySignal[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of signals) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

export function sameValue(a: Pick<EntrySignal, 'type' | 'value'>, b: Pick<EntrySignal, 'type' | 'value'>): boolean {
  return a.type === b.type && Buffer.compare(a.value, b.value) === 0;
}
