import type { Tx } from './schema.js';

interface Draft<Kind extends string, Ref extends string, Payload> {
  readonly kind: Kind;
  /** Id of the principal, or of a part of the service. */
  readonly actor: string;
  /** What it is about, such as `attention:…`. */
  readonly subject: string;
  /** Random ids, names of ours and counts. */
  readonly refs: { readonly [R in Ref]?: string | number | boolean | null };
  /** What can be erased. */
  readonly payload?: Payload;
}

type EffectRef = 'effect' | 'kind';
type Note = { readonly note: string | null };

type Drafts =
  | Draft<'effect.exhausted', EffectRef | 'attempts' | 'error', never>
  | Draft<'effect.dropped', EffectRef | 'reason', never>
  | Draft<'effect.retried', EffectRef, never>
  | Draft<'effect.given-up', EffectRef, { readonly reason: string }>
  | Draft<'attention.acknowledged' | 'attention.resolved', 'attention' | 'kind', Note>
  | Draft<'attention.replayed', 'attention' | 'kind' | 'items', never>
  | Draft<'webhook.created', 'webhook' | 'name', never>
  | Draft<'webhook.changed', 'webhook' | 'change', never>
  | Draft<'webhook.removed', 'webhook', never>;

/** Writes an event down as a part of the transaction. @returns its id */
export type RecordEvent = (tx: Tx, draft: Drafts) => Promise<string>;
