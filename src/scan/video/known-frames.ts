import type { Entry } from '../../index/entry.js';
import { vpdqHash, vpdqSeconds } from '../../signals/vpdq/vpdq-frame.js';
import { cellWidths, medianGap } from './cells.js';

const PDQ_BYTES = 32;

/** The frames of an entry that may match, in order of time, and its pictures. */
export interface KnownFrames {
  readonly id: string;
  readonly grade: string | null;
  readonly count: number;
  /** `count` hashes of 32 bytes. */
  readonly hashes: Uint8Array;
  readonly seconds: Float64Array;
  /** The stretch of time that each stands for. Frames of low quality are nobody's stretch. */
  readonly widths: Float64Array;
  /** The usual distance of frames, those of low quality too, in seconds. */
  readonly spacing: number;
  readonly pictures: readonly Uint8Array[];
  /** About how much memory this takes. */
  readonly bytes: number;
}

/** Takes what a video is matched by out of an entry. */
export function knownFrames({ id, grade, signals }: Entry): KnownFrames {
  const frames: { readonly hash: Uint8Array; readonly seconds: number; readonly active: boolean }[] = [];
  const pictures: Uint8Array[] = [];
  for (const { type, value, active } of signals) {
    if (type === 'vpdq') frames.push({ hash: vpdqHash(value), seconds: vpdqSeconds(value), active });
    else if (type === 'pdq' && active) pictures.push(value);
  }
  frames.sort((a, b) => a.seconds - b.seconds);
  const times = Float64Array.from(frames, ({ seconds }) => seconds);
  const cells = cellWidths(times);
  const active = frames.flatMap((frame, i) => (frame.active ? [i] : []));
  const hashes = new Uint8Array(active.length * PDQ_BYTES);
  for (const [i, frame] of active.entries()) hashes.set(frames[frame]!.hash, i * PDQ_BYTES);
  return {
    id,
    grade: grade ?? null,
    count: active.length,
    hashes,
    seconds: Float64Array.from(active, (i) => times[i]!),
    widths: Float64Array.from(active, (i) => cells[i]!),
    spacing: medianGap(times),
    pictures,
    bytes: active.length * (PDQ_BYTES + 16) + pictures.length * PDQ_BYTES + 500,
  };
}
