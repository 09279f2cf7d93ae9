import { keepAttention, settleAttention } from '../../storage/attention/raise-attention.js';
import type { Tx } from '../../storage/schema.js';
import type { StoredSource } from '../../storage/source-store.js';
import type { SourceKind } from '../sources/source.js';

/** A source that has failed for so long is one that gives nothing new, whatever its kind says. */
const FAILING_SECONDS = 24 * 3_600;

/** Whether a source that is enabled has been quiet for longer than its kind finds normal, or has failed for a day. */
export function isStale(source: StoredSource, staleSeconds: number | undefined): boolean {
  if (!source.enabled) return false;
  if (staleSeconds !== undefined && source.quietSeconds > staleSeconds) return true;
  const since = source.syncedAt ?? source.createdAt;
  return source.outcome === 'failing' && (source.now.getTime() - since.getTime()) / 1_000 > FAILING_SECONDS;
}

/** Puts the state of a source before people, once, and takes it back when it is well again. */
export async function tellSource(tx: Tx, source: StoredSource, kind: SourceKind | undefined): Promise<void> {
  const { id, name, outcome, held, lastError } = source;
  const hours = Math.floor(source.quietSeconds / 3_600);
  const troubles = [
    { kind: 'source-stale', is: isStale(source, kind?.staleSeconds), detail: { source: name, hours } },
    { kind: 'source-refused', is: outcome === 'refused', detail: { source: name, error: lastError } },
    {
      kind: 'source-held',
      is: outcome === 'held' && held?.decision === 'waiting',
      detail: { source: name, removed: held?.removed, entries: held?.entries },
    },
  ] as const;
  for (const { kind: about, is, detail } of troubles) {
    await keepAttention(tx, is, { kind: about, cause: id, subject: `source:${id}`, detail });
  }
}

/** Nothing of a source needs anybody any more. */
export async function forgetSource(tx: Tx, id: string): Promise<void> {
  for (const kind of ['source-stale', 'source-refused', 'source-held'] as const) {
    await settleAttention(tx, { kind, cause: id }, 'service');
  }
}
