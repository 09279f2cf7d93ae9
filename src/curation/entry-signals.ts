import { type ErrorCode, VigieError } from '../errors.js';
import type { EntrySignal } from '../index/entry.js';
import type { PhotoDnaHasher } from '../media/photodna-hasher.js';
import type { MediaPool } from '../media/pool.js';
import type { VideoPoolLike } from '../media/video/video-pool.js';
import { peekMedium } from '../scan/peek-medium.js';
import { readMedium } from '../scan/read-medium.js';
import type { DigestValues } from '../scan/signal-cache.js';
import { Arrival } from '../scan/video/look-at-video.js';
import { MAX_VPDQ_FRAMES, PDQ_BYTES, VPDQ_BYTES, writeVpdqValue } from '../signals/vpdq/vpdq-frame.js';

export interface SignalTools {
  readonly pool: Pick<MediaPool, 'hash'>;
  /** Without it, of a clip there are the exact hashes only. */
  readonly videos?: VideoPoolLike | undefined;
  readonly photodna?: PhotoDnaHasher | undefined;
  /** Longest picture, and longest video. */
  readonly maximumBytes: number;
  readonly maximumVideoBytes: number;
}

/** What a medium gives an entry. */
export interface MediumSignals {
  readonly kind: 'image' | 'video' | 'other';
  readonly signals: readonly EntrySignal[];
  /** Why there is no perceptual hash, or only a part of it; null when there is all. */
  readonly lacks: ErrorCode | null;
}

/** One frame a second, as the vPDQ reference has it. */
const SECONDS_PER_HASH = 1;
const MINIMUM_QUALITY = 50;

/**
 * Hashes a medium as it is hashed for lists: every pixel of a picture, the frames of a clip as the reference takes
 * them. The bytes are in memory only, and let go. What cannot be decoded still has its exact hashes.
 * @throws VigieError `media-empty`, `media-too-large`, `decoder-busy` and what else says nothing of the medium; what
 * the source throws; the signal's reason
 */
export async function signalsOf(
  source: AsyncIterable<Uint8Array>,
  tools: SignalTools,
  signal: AbortSignal,
): Promise<MediumSignals> {
  const { all, sniffed } = await peekMedium(source, signal);
  return sniffed.kind === 'video' ? await ofVideo(all, tools, signal) : await ofPicture(all, tools, signal);
}

async function ofPicture(
  source: AsyncIterable<Uint8Array>,
  { pool, photodna, maximumBytes }: SignalTools,
  signal: AbortSignal,
): Promise<MediumSignals> {
  const { bytes, digests } = await readMedium(source, { maximumBytes, signal });
  if (bytes.length === 0) throw new VigieError('media-empty');
  const exact = exactSignals(digests);
  try {
    const media = await pool.hash(bytes, { mode: 'faithful', signal });
    const frame = media.hashes.find(({ area, frame: number }) => area === 'full' && number === 0);
    const dna = media.kind === 'image' ? await photodna?.hash(bytes, { signal }) : undefined;
    const signals: EntrySignal[] = [...exact];
    if (frame !== undefined) {
      const { pdq, quality } = frame;
      signals.push({ type: 'pdq', value: pdq.slice(0, PDQ_BYTES), quality, active: quality >= MINIMUM_QUALITY });
    }
    if (dna !== undefined) signals.push({ type: 'photodna', value: dna, active: true });
    return { kind: media.kind, signals, lacks: media.incomplete };
  } catch (error) {
    return { kind: 'image', signals: exact, lacks: lackOf(error, signal) };
  }
}

async function ofVideo(
  source: AsyncIterable<Uint8Array>,
  { videos, maximumVideoBytes }: SignalTools,
  signal: AbortSignal,
): Promise<MediumSignals> {
  const arrival = new Arrival(source, maximumVideoBytes, async () => undefined);
  const frames: EntrySignal[] = [];
  let lacks: ErrorCode | null = null;
  try {
    if (videos === undefined) throw new VigieError('video-decoder-missing');
    const options = { mode: 'faithful', secondsPerHash: SECONDS_PER_HASH, signal } as const;
    const hashing = videos.hash(arrival.shared(), options);
    for await (const { seconds, quality, pdq } of hashing) {
      if (frames.length === MAX_VPDQ_FRAMES) throw new VigieError('media-too-large', { detail: 'too many frames' });
      const value = new Uint8Array(VPDQ_BYTES);
      writeVpdqValue({ pdq: pdq.subarray(0, PDQ_BYTES), seconds }, value);
      frames.push({ type: 'vpdq', value, quality, active: quality >= MINIMUM_QUALITY });
    }
    lacks = (await hashing.summary).incomplete;
  } catch (error) {
    lacks = lackOf(error, signal);
  }
  await arrival.toEnd();
  const { digests } = arrival;
  if (digests === undefined) throw new VigieError('media-empty');
  return { kind: 'video', signals: [...exactSignals(digests), ...frames], lacks };
}

function exactSignals({ md5, sha1, sha256 }: DigestValues): EntrySignal[] {
  return [
    { type: 'md5', value: md5, active: true },
    { type: 'sha1', value: sha1, active: true },
    { type: 'sha256', value: sha256, active: true },
  ];
}

/** @throws the error when it says nothing of the medium */
function lackOf(error: unknown, signal: AbortSignal): ErrorCode {
  signal.throwIfAborted();
  if (!(error instanceof VigieError) || error.status !== 422) throw error;
  return error.code;
}
