import { canonical } from './canonical.js';

/** An event as it is sealed and exported: ids, names of ours, counts, and a commitment to what is personal. */
export interface SealedEvent {
  readonly id: string;
  readonly kind: string;
  readonly version: number;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly subject: string;
  readonly refs: unknown;
  /** 64 hexadecimal digits. */
  readonly commitment: string;
}

interface EventColumns {
  readonly id: string;
  readonly kind: string;
  readonly version: number;
  readonly at: Date;
  readonly actor: string;
  readonly subject: string;
  readonly refs: unknown;
  readonly commitment: Uint8Array;
}

export function sealedEventOf({ id, kind, version, at, actor, subject, refs, commitment }: EventColumns): SealedEvent {
  const hex = Buffer.from(commitment.buffer, commitment.byteOffset, commitment.byteLength).toString('hex');
  return { id, kind, version, at: at.toISOString(), actor, subject, refs, commitment: hex };
}

/** The text that a leaf of the tree stands for, without a line end. */
export function leafText(event: SealedEvent): string {
  return canonical(event);
}
