import type { SeenReference } from '../scan/seen-record.js';
import type { MatchAcross, MatchExtent } from '../scan/verdict.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import type { EntryWords } from './delta-entry.js';

/** A medium that was seen, and an entry that came later and matches it. Plain data, it crosses from thread to thread. */
export interface RetroFind {
  readonly listId: string;
  readonly entry: string;
  readonly grade: string | null;
  /** For the rules of the list; it is not kept with the find. */
  readonly words?: EntryWords;
  readonly signal: SignalTypeName;
  readonly distance: number;
  readonly view: string;
  readonly quality: number | null;
  /** `partial` when a frame of a video is on either side: what is kept of a video tells no stretches. */
  readonly extent: MatchExtent;
  readonly across: MatchAcross;
  /** Hashes of the medium that matched: of a video, its frames, one a second. */
  readonly hashesMatched: number;
  readonly seenAt: number;
  readonly sha256: Uint8Array;
  readonly reference: SeenReference;
  /** Of the engine that made the stored hashes. */
  readonly hashingRevision: number;
}
