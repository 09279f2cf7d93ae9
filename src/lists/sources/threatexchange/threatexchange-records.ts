import { z } from 'zod';
import type { Entry } from '../../../index/entry.js';
import type { SignalTypeName } from '../../../signals/signal-type.js';
import { LatestChanges } from '../wire/latest-changes.js';
import { OpinionCounter } from '../wire/opinions.js';
import type { PageBuilder } from '../wire/page-builder.js';

/** The types of indicators that are signals of ours; the kind is told by the type, or else by a tag. */
const SIGNALS: ReadonlyMap<string, { readonly type: SignalTypeName; readonly kind?: string }> = new Map([
  ['HASH_PDQ', { type: 'pdq', kind: 'image' }],
  ['HASH_PDNA', { type: 'photodna', kind: 'image' }],
  ['HASH_MD5', { type: 'md5' }],
  ['HASH_SHA1', { type: 'sha1' }],
  ['HASH_SHA256', { type: 'sha256' }],
  ['HASH_VIDEO_MD5', { type: 'md5', kind: 'video' }],
  ['HASH_VIDEO_SHA1', { type: 'sha1', kind: 'video' }],
  ['HASH_VIDEO_SHA256', { type: 'sha256', kind: 'video' }],
]);

const KIND_TAGS: ReadonlyMap<string, string> = new Map([
  ['media_type_video', 'video'],
  ['media_type_photo', 'image'],
]);

const id = z
  .union([z.string(), z.number().int()])
  .transform(String)
  .pipe(z.string().regex(/^[0-9]{1,32}$/));
const tag = z.union([z.string(), z.object({ text: z.string() }).transform(({ text }) => text)]);

const descriptorSchema = z.object({
  owner: z.object({ id }),
  status: z.string().nullish(),
  tags: z.union([z.array(tag), z.object({ data: z.array(tag) }).transform(({ data }) => data)]).nullish(),
  reactions: z
    .array(z.object({ key: z.string(), value: z.union([z.string(), z.number()]).transform(String) }))
    .nullish(),
});

const recordSchema = z.object({
  id,
  indicator: z.string().nullish(),
  type: z.string().nullish(),
  last_updated: z.union([z.number(), z.string()]).nullish(),
  should_delete: z.boolean().nullish(),
  descriptors: z.object({ data: z.array(z.unknown()).max(10_000) }).nullish(),
});

type Descriptor = z.infer<typeof descriptorSchema>;

/** Reactions that are an opinion. */
const REACTIONS: ReadonlyMap<string, boolean> = new Map([
  ['HELPFUL', true],
  ['NOT_HELPFUL', false],
  ['DISAGREE_WITH_TAGS', false],
]);

/** What a page of updates changes, and how far it reaches, seconds since 1970. */
export function threatExchangeChanges(
  records: readonly unknown[],
  builder: PageBuilder,
): { readonly latest: LatestChanges; readonly newest: number } {
  const latest = new LatestChanges();
  let newest = 0;
  for (const [i, raw] of records.entries()) {
    const place = `record ${i + 1} of the page`;
    const { data: record } = recordSchema.safeParse(raw);
    if (record === undefined) {
      builder.putAside('malformed-record', undefined, place);
      continue;
    }
    const at = secondsOf(record.last_updated) ?? 0;
    newest = Math.max(newest, at);
    const remove = () => latest.add(record.id, at, { remove: record.id });
    // Some withdrawals are told by the want of descriptors alone.
    const told = record.descriptors?.data ?? [];
    if (record.should_delete === true || told.length === 0) {
      remove();
      continue;
    }
    const known = SIGNALS.get(record.type ?? '');
    if (known === undefined) {
      builder.countUnused(record.type ?? '');
      continue;
    }
    const descriptors = told.flatMap((one) => descriptorSchema.safeParse(one).data ?? []);
    if (descriptors.length < told.length) builder.putAside('malformed-descriptor', record.id, place);
    // Whoever is left says that it is harmless, or nobody whom we understand says anything.
    if (descriptors.length > 0 && descriptors.every(({ status }) => status === 'NON_MALICIOUS')) {
      remove();
      continue;
    }
    const signal = builder.signal(known.type, record.indicator ?? '', record.id, place);
    if (signal === undefined || descriptors.length === 0) continue;
    const kind = known.kind ?? kindOf(descriptors);
    const details = { ...(kind !== undefined && { kind }), ...(at > 0 && { added: at * 1_000 }) };
    latest.add(record.id, at, { put: { id: record.id, signals: [signal], ...details, ...membersOf(descriptors) } });
  }
  return { latest, newest };
}

function kindOf(descriptors: readonly Descriptor[]): string | undefined {
  for (const { tags } of descriptors) {
    for (const text of tags ?? []) {
      const kind = KIND_TAGS.get(text);
      if (kind !== undefined) return kind;
    }
  }
  return undefined;
}

/** Who says so first, and what everybody thinks: what a descriptor of one's own says counts before a reaction. */
function membersOf(descriptors: readonly Descriptor[]): Pick<Entry, 'member' | 'opinions'> {
  const counter = new OpinionCounter();
  for (const { owner, status, reactions } of descriptors) {
    if (status === 'MALICIOUS' || status === 'NON_MALICIOUS') counter.add(owner.id, status === 'MALICIOUS', 1);
    for (const { key, value } of reactions ?? []) {
      const affirmative = REACTIONS.get(key);
      if (affirmative === undefined) continue;
      for (const member of value.split(',', 10_000)) {
        if (/^\s*[0-9]{1,32}\s*$/.test(member)) counter.add(member.trim(), affirmative, 0);
      }
    }
  }
  const { opinions } = counter;
  const member = descriptors.find(({ status }) => status !== 'NON_MALICIOUS')?.owner.id;
  return { ...(member !== undefined && { member }), ...(opinions !== undefined && { opinions }) };
}

/** The graph writes times as seconds, as digits in a text, or as a date. */
function secondsOf(time: number | string | null | undefined): number | undefined {
  const text = String(time ?? '');
  const seconds = /^[0-9]{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1_000);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : undefined;
}
