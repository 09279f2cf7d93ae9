import { VigieError } from '../../errors.js';
import type { TmkVideo } from './tmk-video.js';

/** Magic, kind of file and kind of feature. */
const MAGIC = 'TMK1FVECPDQF';
const HEAD_BYTES = 32;

// Bounds of what a file may declare; the reference writes 4 periods of up to 14,653, 32 coefficients, dimension 256.
const MOST_PERIODS = 16;
const LONGEST_PERIOD = 65_536;
const MOST_COEFFICIENTS = 128;
const MOST_DIMENSIONS = 1024;

/**
 * Reads a `.tmk` file of the reference implementation (its `tmk/cpp/io/tmkio.h`).
 * @throws VigieError `signal-invalid` naming what is wrong, never a value
 */
export function parseTmk(bytes: Uint8Array): TmkVideo {
  if (bytes.length < HEAD_BYTES || String.fromCharCode(...bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw invalid('no file of this kind');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const integer = (at: number, least: number, most: number, what: string): number => {
    const value = view.getInt32(at, true);
    if (value < least || value > most) throw invalid(what);
    return value;
  };
  const framesPerSecond = integer(12, 1, 1000, 'frames a second');
  const periodCount = integer(16, 1, MOST_PERIODS, 'number of periods');
  const terms = integer(20, 1, MOST_COEFFICIENTS, 'number of coefficients');
  const dimension = integer(24, 1, MOST_DIMENSIONS, 'dimension');
  const frames = integer(28, 1, 0x7fffffff, 'number of frames');
  const vectors = periodCount * terms * dimension;
  if (bytes.length !== HEAD_BYTES + 4 * (periodCount + terms + dimension + 2 * vectors)) throw invalid('length');
  let at = HEAD_BYTES;
  const periods = Array.from({ length: periodCount }, () => {
    at += 4;
    return integer(at - 4, 1, LONGEST_PERIOD, 'period');
  });
  const floats = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => {
      const value = view.getFloat32(at, true);
      if (!Number.isFinite(value)) throw invalid('a number that is none');
      at += 4;
      return value;
    });
  return {
    framesPerSecond,
    periods,
    coefficients: floats(terms),
    dimension,
    frames,
    average: floats(dimension),
    cosines: floats(vectors),
    sines: floats(vectors),
  };
}

/** Writes a `.tmk` file: 263,344 bytes with the reference's settings. */
export function formatTmk(video: TmkVideo): Uint8Array {
  const { framesPerSecond, periods, coefficients, dimension, frames, average, cosines, sines } = video;
  const parts = [coefficients, average, cosines, sines];
  const numbers = parts.reduce((sum, part) => sum + part.length, periods.length);
  const bytes = new Uint8Array(HEAD_BYTES + 4 * numbers);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  let at = MAGIC.length;
  for (const value of [framesPerSecond, periods.length, coefficients.length, dimension, frames, ...periods]) {
    view.setInt32(at, value, true);
    at += 4;
  }
  for (const part of parts) {
    for (const value of part) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}

const invalid = (what: string): VigieError => new VigieError('signal-invalid', { detail: `tmk: ${what}` });
