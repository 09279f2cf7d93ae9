import type { SignalTypeName } from '../signals/signal-type.js';

/** One signal of an entry. */
export interface EntrySignal {
  readonly type: SignalTypeName;
  readonly value: Uint8Array;
  /** Quality of a PDQ hash or of a frame when the source states one, 0 to 100. */
  readonly quality?: number;
  /** False for a signal that is kept but must not match (a PDQ or a frame whose stated quality is below 50). */
  readonly active: boolean;
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
  readonly signals: readonly EntrySignal[];
}
