import { type ErrorCode, VigieError } from '../errors.js';
import type { PdqHasher } from '../signals/pdq/pdq-hasher.js';
import { decodeApng } from './decode-apng.js';
import { decodeBmp } from './decode-bmp.js';
import { decodeHeic } from './decode-heic.js';
import { decodePnm } from './decode-pnm.js';
import { decodeWithSharp } from './decode-sharp.js';
import { hashFrame } from './hash-frame.js';
import type { FrameSignals, HashMode, MediaSignals } from './media-signals.js';
import type { Decoded, DecodeLimits, Picture } from './picture.js';
import { type Sniffed, sniff } from './sniff.js';

/** The formats that are decoded here. */
export const FORMATS = ['jpeg', 'png', 'apng', 'gif', 'webp', 'avif', 'heic', 'tiff', 'bmp', 'pnm'] as const;

export interface HashOptions {
  readonly mode: HashMode;
  readonly limits: DecodeLimits;
  readonly hasher: PdqHasher;
}

/**
 * Decodes a medium and hashes its frames in every area. Runs in a decoder process; the caller bounds time and memory.
 * @throws VigieError of the media family, with what the medium was sniffed to be
 */
export async function hashMedium(bytes: Uint8Array, options: HashOptions): Promise<MediaSignals> {
  const sniffed = sniff(bytes);
  const { kind, format } = sniffed;
  if (kind === 'other') {
    return { kind, format, frames: 0, framesHashed: 0, damaged: false, incomplete: null, hashes: [], ms: {} };
  }
  try {
    return await hashPictures(bytes, sniffed, options);
  } catch (error) {
    if (!(error instanceof VigieError)) throw error;
    const detail = error.detail === undefined ? {} : { detail: error.detail };
    throw new VigieError(error.code, { ...detail, cause: error.cause, medium: sniffed });
  }
}

async function hashPictures(bytes: Uint8Array, { kind, format }: Sniffed, options: HashOptions): Promise<MediaSignals> {
  const { mode, limits, hasher } = options;
  const start = performance.now();
  const decoded = await decode(bytes, format, mode, limits);
  const hashes: FrameSignals[] = [];
  const ms = { decode: 0, hash: 0 };
  let framesHashed = 0;
  let before: Picture | undefined;
  /** Of the last frame that was hashed. */
  let first = 0;
  let turn = start;
  let incomplete: ErrorCode | null = null;
  for await (const picture of untilFailure(decoded.pictures, (code) => {
    // What was hashed before is kept: it may be what is looked for.
    if (hashes.length === 0) return false;
    incomplete = code;
    return true;
  })) {
    const decodedAt = performance.now();
    ms.decode += decodedAt - turn;
    framesHashed++;
    // Frames that repeat the one before have the same hashes.
    if (before === undefined || !samePixels(before, picture)) {
      first = hashes.length;
      const { shown } = picture;
      for (const each of hashFrame(picture, decoded.orientation, options.mode, hasher)) {
        hashes.push(shown === undefined ? each : { ...each, shown });
      }
    } else if (picture.shown !== undefined) {
      const [from, to] = picture.shown;
      for (const [i, each] of hashes.slice(first).entries()) {
        hashes[first + i] = { ...each, shown: [each.shown?.[0] ?? from, to] };
      }
    }
    before = picture;
    turn = performance.now();
    ms.hash += turn - decodedAt;
  }
  ms.decode += performance.now() - turn;
  if (hashes.length === 0) throw new VigieError('media-too-small');
  if (decoded.damaged) incomplete ??= 'media-damaged';
  return {
    kind,
    format,
    width: decoded.width,
    height: decoded.height,
    ...(decoded.seconds === undefined ? {} : { seconds: decoded.seconds }),
    frames: decoded.frames,
    framesHashed,
    damaged: decoded.damaged || incomplete === 'media-damaged',
    incomplete,
    hashes,
    ms,
  };
}

/** The items before a failure, which is thrown unless `accept` takes it. */
async function* untilFailure<T>(items: AsyncIterable<T>, accept: (code: ErrorCode) => boolean): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof VigieError) || !accept(error.code)) throw error;
  }
}

async function decode(bytes: Uint8Array, format: string, mode: HashMode, limits: DecodeLimits): Promise<Decoded> {
  switch (format) {
    case 'jpeg':
    case 'png':
    case 'gif':
    case 'webp':
    case 'avif':
    case 'tiff':
      return await decodeWithSharp(bytes, mode, limits);
    case 'apng':
      return decodeApng(bytes, limits);
    case 'heic':
      return await decodeHeic(bytes, limits);
    case 'bmp':
      return decodeBmp(bytes, limits);
    case 'pnm':
      return decodePnm(bytes, limits);
    default:
      throw new VigieError('media-format-unsupported', { detail: format });
  }
}

function samePixels(a: Picture, b: Picture): boolean {
  return a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0;
}
