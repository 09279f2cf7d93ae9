import type { SignalTypeName } from '../signals/signal-type.js';

/** One signal of an entry. */
export interface EntrySignal {
  readonly type: SignalTypeName;
  readonly value: Uint8Array;
  /** Quality of a PDQ hash or of a frame when the source states one, 0 to 100. */
  readonly quality?: number;
  /** False for a signal that is kept but must not match (a PDQ or a frame whose stated quality is below 50). */
  readonly active: boolean;
  /** Set for a signal that we made from a medium which a person confirmed; the source does not have it. */
  readonly derived?: boolean;
}

/** What a member of an exchange thinks of an entry: that it is what the list says, or that it is not. */
export interface Opinion {
  /** Id of the member at the source. */
  readonly member: string;
  readonly affirmative: boolean;
}

/** One record of a list, as a segment stores it. */
export interface Entry {
  /** The source's id, or one that Vigie derived; unique within its list. */
  readonly id: string;
  /** IWF A, B, C; NCMEC A1 … B2; whatever scale the source uses. */
  readonly grade?: string;
  /** What the source says it is: image, video, … */
  readonly kind?: string;
  /** When the source added it, milliseconds since 1970. */
  readonly added?: number;
  readonly comment?: string;
  /** Id of the member who gave it to the exchange. */
  readonly member?: string;
  /** At most `OPINION_LIMIT`; one a member. */
  readonly opinions?: readonly Opinion[];
  readonly signals: readonly EntrySignal[];
}

/** Opinions that are kept of an entry. */
export const OPINION_LIMIT = 255;
