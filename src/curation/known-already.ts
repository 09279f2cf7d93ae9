import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntrySignal } from '../index/entry.js';
import type { KnownLists } from '../scan/known-lists.js';
import { DIHEDRAL_NAMES } from '../signals/pdq/dihedral.js';
import { turnedHash } from '../signals/pdq/turned-hash.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { vpdqHash } from '../signals/vpdq/vpdq-frame.js';

/** An entry of any list that is the same as what is proposed, or near it. */
export interface KnownEntry {
  readonly list: string;
  readonly entry: string;
  readonly signal: string;
  readonly distance: number;
}

/** Frames of a clip that are looked up, evenly spread. */
const FRAMES = 64;
const TOLD = 20;

/**
 * What the lists know already of some signals, nearest first. Lists that are tried out count too: curators want to know.
 * @returns at most twenty, and how many there are of those that were looked at
 */
export async function knownAlready(
  lists: Pick<KnownLists, 'lookup' | 'describe'>,
  signals: readonly EntrySignal[],
): Promise<{ readonly total: number; readonly entries: readonly KnownEntry[] }> {
  const found = new Map<string, KnownEntry>();
  for (const { type, value } of chosen(signals)) {
    await nextTurn();
    for (const [asType, query] of queriesOf(type, value)) {
      for (const { segment, row, distance } of lists.lookup(asType, query, { limit: TOLD }).hits) {
        const { id } = await segment.entry(row);
        const { name } = lists.describe(segment);
        const key = JSON.stringify([name, id]);
        const before = found.get(key);
        if (before === undefined || distance < before.distance) {
          found.set(key, { list: name, entry: id, signal: type, distance });
        }
      }
    }
  }
  const entries = [...found.values()].sort((a, b) => a.distance - b.distance).slice(0, TOLD);
  return { total: found.size, entries };
}

/** A picture that is turned or mirrored is the same picture. */
function queriesOf(type: SignalTypeName, value: Uint8Array): readonly (readonly [SignalTypeName, Uint8Array])[] {
  if (type !== 'pdq' && type !== 'vpdq') return [[type, value]];
  const hash = type === 'vpdq' ? vpdqHash(value) : value;
  return DIHEDRAL_NAMES.map((name) => ['pdq', turnedHash(hash, name)]);
}

function chosen(signals: readonly EntrySignal[]): readonly EntrySignal[] {
  const active = signals.filter((signal) => signal.active);
  const frames = active.filter(({ type }) => type === 'vpdq');
  const step = Math.max(1, frames.length / FRAMES);
  const some = Array.from({ length: Math.min(FRAMES, frames.length) }, (_, i) => frames[Math.floor(i * step)]);
  return [...active.filter(({ type }) => type !== 'vpdq'), ...some.filter((frame) => frame !== undefined)];
}
