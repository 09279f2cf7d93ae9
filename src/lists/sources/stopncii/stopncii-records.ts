import { z } from 'zod';
import type { Entry } from '../../../index/entry.js';
import type { SignalTypeName } from '../../../signals/signal-type.js';
import { derivedId } from '../../admit.js';
import { LatestChanges } from '../wire/latest-changes.js';
import { OpinionCounter } from '../wire/opinions.js';
import { forPeople, type PageBuilder } from '../wire/page-builder.js';

/** The signals of theirs that are signals of ours. */
const SIGNALS: ReadonlyMap<string, { readonly type: SignalTypeName; readonly kind: string }> = new Map([
  ['ImagePDQ', { type: 'pdq', kind: 'image' }],
  ['VideoMD5', { type: 'md5', kind: 'video' }],
]);

const recordSchema = z.object({
  signalType: z.string(),
  hashValue: z.string(),
  hashStatus: z.string(),
  lastModtimestamp: z.number().nullish(),
  CSPFeedbacks: z
    .array(z.object({ source: z.string().nullish(), feedbackValue: z.string() }))
    .max(10_000)
    .nullish(),
});

type StopNciiRecord = z.infer<typeof recordSchema>;

/** Statuses under which a hash is on the list. */
const ON_THE_LIST: ReadonlySet<string> = new Set(['Received', 'Active']);
/** Statuses under which it no longer is. */
const WITHDRAWN: ReadonlySet<string> = new Set(['Withdrawn', 'Deleted']);

/** Tells what a page of records changes. A hash has no id there: ours is made of it, and does not give it away. */
export function stopNciiChanges(records: readonly unknown[], builder: PageBuilder): LatestChanges {
  const latest = new LatestChanges();
  for (const [i, raw] of records.entries()) {
    const place = `record ${i + 1} of the page`;
    const { data: record } = recordSchema.safeParse(raw);
    if (record === undefined) {
      builder.putAside('malformed-record', undefined, place);
      continue;
    }
    const known = SIGNALS.get(record.signalType);
    if (known === undefined) {
      builder.countUnused(record.signalType);
      continue;
    }
    const signal = builder.signal(known.type, record.hashValue, undefined, place);
    if (signal === undefined) continue;
    const id = derivedId([signal]);
    const at = record.lastModtimestamp ?? 0;
    if (WITHDRAWN.has(record.hashStatus)) latest.add(id, at, { remove: id });
    else if (!ON_THE_LIST.has(record.hashStatus)) builder.putAside('unknown-status', id, place);
    else latest.add(id, at, { put: { id, kind: known.kind, signals: [signal], ...detailsOf(record) } });
  }
  return latest;
}

function detailsOf({ lastModtimestamp, CSPFeedbacks }: StopNciiRecord): Pick<Entry, 'added' | 'opinions'> {
  const counter = new OpinionCounter();
  for (const { source, feedbackValue } of CSPFeedbacks ?? []) {
    if (feedbackValue !== 'Blocked' && feedbackValue !== 'NotBlocked') continue;
    counter.add(forPeople(source ?? '').slice(0, 128), feedbackValue === 'Blocked');
  }
  const { opinions } = counter;
  const added = (lastModtimestamp ?? 0) * 1_000;
  return {
    ...(opinions !== undefined && { opinions }),
    ...(added > 0 && Number.isSafeInteger(Math.round(added)) && { added: Math.round(added) }),
  };
}
