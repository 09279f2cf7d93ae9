import { z } from 'zod';
import type { Tx } from '../schema.js';

/**
 * Every kind of event, once. A kind's version rises when the shape of its payload or the meaning of its refs changes;
 * older versions stay readable. Refs hold random ids, names of ours and counts; what says something of a person or of an
 * entry belongs into the payload, which can be erased.
 */
export const EVENT_KINDS = {
  'service.started': kind(1, { refs: ['version', 'node'] }),
  'service.stopped': kind(1, { refs: ['node'] }),
  'list.published': kind(1, { refs: ['list', 'version', 'entries'] }),
  'list.merged': kind(1, { refs: ['list', 'version', 'entries'] }),
  'list.rolled-back': kind(1, { refs: ['list', 'version'] }),
  'list.described': kind(1, { refs: ['list'], payload: z.record(z.string(), z.unknown()) }),
  'list.removed': kind(1, { refs: ['list'], payload: z.object({ name: z.string() }) }),
  'list.exported': kind(1, { refs: ['list', 'entries'] }),
  'entry.status-changed': kind(1, {
    refs: ['list', 'status', 'count'],
    payload: z.object({ entries: z.array(z.string()), reason: z.string().nullable() }),
  }),
  'entry.source-overruled': kind(1, {
    refs: ['list', 'count'],
    payload: z.object({ entries: z.array(z.string()), reason: z.string() }),
  }),
  'entry.quarantined': kind(1, {
    refs: ['list', 'media', 'windowSeconds'],
    payload: z.object({ entry: z.string() }),
  }),
  'list.created': kind(1, { refs: ['list', 'approval'], payload: z.object({ name: z.string() }) }),
  'proposal.made': kind(1, {
    refs: ['proposal', 'list', 'act', 'verdict'],
    payload: z.object({ entry: z.string(), reason: z.string(), until: z.string().nullable() }),
  }),
  'proposal.decided': kind(1, {
    refs: ['proposal', 'list', 'act', 'state'],
    payload: z.object({ entry: z.string(), reason: z.string().nullable() }),
  }),
  'proposal.viewed': kind(1, { refs: ['proposal', 'list'] }),
  'list.enriched': kind(1, { refs: ['list', 'entries'], payload: z.object({ reason: z.string() }) }),
  'derived.withdrawn': kind(1, {
    refs: ['list', 'count'],
    payload: z.object({ entry: z.string(), reason: z.string() }),
  }),
  'match.judged': kind(1, {
    refs: ['verdict', 'list', 'opinion', 'shadow'],
    payload: z.object({ entry: z.string(), reason: z.string() }),
  }),
  'entry.viewed': kind(1, { refs: ['list'], payload: z.object({ entry: z.string() }) }),
  'source.added': kind(1, { refs: ['source', 'name', 'kind', 'list'] }),
  'source.changed': kind(1, { refs: ['source', 'change'] }),
  'source.removed': kind(1, { refs: ['source', 'name', 'withList'] }),
  'source.asked': kind(1, { refs: ['source'] }),
  'source.synced': kind(1, { refs: ['source', 'list', 'added', 'changed', 'removed', 'returned', 'setAside'] }),
  'source.held': kind(1, { refs: ['source', 'removed', 'entries'] }),
  'source.decided': kind(1, { refs: ['source', 'decision', 'removed', 'entries'] }),
  'platform.added': kind(1, { refs: ['platform', 'name', 'kind', 'dryRun'] }),
  'platform.changed': kind(1, { refs: ['platform', 'change', 'dryRun'] }),
  'platform.removed': kind(1, { refs: ['platform', 'name'] }),
  'key.created': kind(1, { refs: ['key', 'scopes'] }),
  'key.revoked': kind(1, { refs: ['key'] }),
  'link.created': kind(1, {}),
  'session.opened': kind(1, { refs: ['session'] }),
  'item.matched': kind(1, { refs: ['item', 'verdict', 'matches'], payload: z.record(z.string(), z.unknown()) }),
  'item.review-proposed': kind(1, {
    refs: ['item', 'verdict', 'entries'],
    payload: z.record(z.string(), z.unknown()),
  }),
  'item.scored': kind(1, { refs: ['item', 'verdict', 'scorer'], payload: z.object({ score: z.number() }) }),
  'item.set-aside': kind(1, { refs: ['item', 'reason'] }),
  'item.requeued': kind(1, { refs: ['attention', 'count'] }),
  'scan.matched': kind(1, { refs: ['verdict', 'matches'], payload: z.record(z.string(), z.unknown()) }),
  'item.matched-later': kind(1, {
    refs: ['item', 'find', 'list', 'version'],
    payload: z.record(z.string(), z.unknown()),
  }),
  'scan.matched-later': kind(1, { refs: ['find', 'list', 'version'], payload: z.record(z.string(), z.unknown()) }),
  'retro.asked': kind(1, { refs: ['list', 'version'] }),
  'retro.stopped': kind(1, { refs: ['list', 'runs'] }),
  'scan.review-proposed': kind(1, { refs: ['verdict', 'entries'], payload: z.record(z.string(), z.unknown()) }),
  'private.switched-on': kind(1, {
    refs: ['switch', 'jurisdiction', 'until'],
    payload: z.object({ legalBasis: z.string() }),
  }),
  'private.switched-off': kind(1, { refs: ['switch', 'jurisdiction'] }),
  'webhook.created': kind(1, { refs: ['webhook', 'name'] }),
  'webhook.changed': kind(1, { refs: ['webhook', 'change'] }),
  'webhook.removed': kind(1, { refs: ['webhook'] }),
  'effect.exhausted': kind(1, { refs: ['effect', 'kind', 'attempts', 'error'] }),
  'effect.dropped': kind(1, { refs: ['effect', 'kind', 'reason'] }),
  'effect.retried': kind(1, { refs: ['effect', 'kind'] }),
  'effect.given-up': kind(1, { refs: ['effect', 'kind'], payload: z.object({ reason: z.string() }) }),
  'action.proposed': kind(1, {
    refs: ['action', 'act', 'platform', 'rule', 'policyVersion', 'reason', 'verdict', 'heldBy'],
    payload: z.object({ list: z.string().nullable(), entry: z.string().nullable() }),
  }),
  'action.ordered': kind(1, {
    refs: ['action', 'act', 'platform', 'rule', 'policyVersion', 'reason', 'verdict', 'dryRun'],
    payload: z.object({ list: z.string().nullable(), entry: z.string().nullable() }),
  }),
  'action.approved': kind(1, { refs: ['action', 'act', 'dryRun'], payload: reasonSchema() }),
  'action.refused': kind(1, { refs: ['action', 'act'], payload: reasonSchema() }),
  'action.held': kind(1, { refs: ['action', 'act', 'heldBy'] }),
  'action.dropped': kind(1, { refs: ['action', 'act', 'reason'] }),
  'action.confirmed': kind(1, { refs: ['action', 'act', 'outcome', 'milliseconds', 'dryRun'] }),
  'action.failed': kind(1, { refs: ['action', 'act', 'error'] }),
  'action.retried': kind(1, { refs: ['action', 'act'] }),
  'action.given-up': kind(1, { refs: ['action', 'act'], payload: reasonSchema() }),
  'action.undone': kind(1, { refs: ['action', 'act', 'by', 'entryDisputed'], payload: reasonSchema() }),
  'enforcement.stopped': kind(1, { refs: ['stop', 'platform'], payload: reasonSchema() }),
  'enforcement.resumed': kind(1, { refs: ['stop', 'platform', 'resume'] }),
  'exemption.granted': kind(1, { refs: ['exemption', 'platform', 'until'], payload: reasonSchema() }),
  'exemption.ended': kind(1, { refs: ['exemption', 'platform'] }),
  'evidence.sealed': kind(1, { refs: ['evidence', 'item', 'medium', 'bytes', 'retainUntil'] }),
  'evidence.not-had': kind(1, { refs: ['evidence', 'item', 'medium', 'error'] }),
  'evidence.destroyed': kind(1, { refs: ['evidence', 'item', 'medium', 'bytes', 'blob'] }),
  'case.opened': kind(1, { refs: ['case', 'platform', 'cause', 'priority'] }),
  'case.decided': kind(1, { refs: ['case', 'platform', 'decision'], payload: reasonSchema() }),
  'attention.acknowledged': kind(1, { refs: ['attention', 'kind'], payload: noteSchema() }),
  'attention.resolved': kind(1, { refs: ['attention', 'kind'], payload: noteSchema() }),
  'attention.replayed': kind(1, { refs: ['attention', 'kind', 'items'] }),
  'publication.switched-on': kind(1, {
    refs: ['list', 'doubts'],
    payload: z.object({
      terms: z.string(),
      reason: z.string(),
      grades: z.array(z.string()).nullable(),
      jurisdictions: z.array(z.string()).nullable(),
    }),
  }),
  'publication.switched-off': kind(1, { refs: ['list'], payload: z.object({ reason: z.string() }) }),
  'publication.read': kind(1, { refs: ['list', 'member', 'by', 'changes'] }),
  'publication-key.made': kind(1, { refs: ['key'] }),
  'member.added': kind(1, { refs: ['member', 'name'] }),
  'member.revoked': kind(1, { refs: ['member'] }),
  'opinion.received': kind(1, {
    refs: ['list', 'member', 'affirmative', 'signal'],
    payload: z.object({ entry: z.string(), reason: z.string().nullable() }),
  }),
  'policy.added': kind(1, { refs: ['policy'], payload: z.object({ note: z.string() }) }),
  'policy.activated': kind(1, { refs: ['policy', 'before'], payload: z.object({ reason: z.string() }) }),
  'subject.erased': kind(1, { refs: ['payloads'] }),
  'audit.exported': kind(1, { refs: ['batches'] }),
  'backup.made': kind(1, { refs: ['tables', 'rows', 'keys'] }),
} as const;

export type EventKind = keyof typeof EVENT_KINDS;

export const ALL_EVENT_KINDS = Object.keys(EVENT_KINDS) as [EventKind, ...EventKind[]];

export type RefValue = string | number | boolean | null;

interface KindOfEvent<Ref extends string, Payload> {
  readonly version: number;
  readonly refs: readonly Ref[];
  readonly payload: z.ZodType<Payload> | undefined;
}

type RefOf<K extends EventKind> = (typeof EVENT_KINDS)[K] extends KindOfEvent<infer Ref, unknown> ? Ref : never;
type PayloadOf<K extends EventKind> =
  (typeof EVENT_KINDS)[K] extends KindOfEvent<string, infer Payload> ? Payload : never;

/** What happened, before it is written down. */
export interface EventDraft<K extends EventKind = EventKind> {
  readonly kind: K;
  /** Id of the principal; the one on whose behalf the calling code runs when left out (`acting`). */
  readonly actor?: string;
  /** Whom or what it is about, such as `list:…`; the payload is sealed under this subject's key. */
  readonly subject: string;
  readonly refs?: { readonly [R in RefOf<K>]?: RefValue };
  readonly payload?: PayloadOf<K>;
}

/** Writes an event down as a part of the transaction. @returns its id */
export type RecordEvent = <K extends EventKind>(tx: Tx, draft: EventDraft<K>) => Promise<string>;

function kind<const Ref extends string = never, Payload = never>(
  version: number,
  { refs = [], payload }: { readonly refs?: readonly Ref[]; readonly payload?: z.ZodType<Payload> },
): KindOfEvent<Ref, Payload> {
  return { version, refs, payload };
}

function reasonSchema() {
  return z.object({ reason: z.string() });
}

function noteSchema() {
  return z.object({ note: z.string().nullable() });
}
