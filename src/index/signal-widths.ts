import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../signals/signal-type.js';

/** Bytes of a value of each type. */
export const SIGNAL_WIDTHS: Readonly<Record<SignalTypeName, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  pdq: 32,
  photodna: 144,
  vpdq: 36,
};

/** The types that only match when equal, each with a table of its own. */
export const EXACT_TYPES = ['md5', 'sha1', 'sha256'] as const satisfies readonly SignalTypeName[];
export type ExactTypeName = (typeof EXACT_TYPES)[number];

export const isExact = (type: SignalTypeName): type is ExactTypeName =>
  (EXACT_TYPES as readonly string[]).includes(type);

/** The number by which a record names a type. Part of the segment format: append only. */
export const signalCode = (type: SignalTypeName): number => SIGNAL_TYPE_NAMES.indexOf(type);

/**
 * The table that a type is searched in. Frames of videos lie among the pictures, by their hash alone: so a still of a
 * known video is found, and a known picture inside a video.
 */
export const tableOf = (type: SignalTypeName): SignalTypeName => (type === 'vpdq' ? 'pdq' : type);
