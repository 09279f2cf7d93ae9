import { VigieError } from '../errors.js';
import { md5 } from './md5/md5.js';
import { pdq } from './pdq/pdq.js';
import { photodna } from './photodna/photodna.js';
import { sha1 } from './sha1/sha1.js';
import { sha256 } from './sha256/sha256.js';
import type { SignalType, SignalTypeName } from './signal-type.js';
import { vpdq } from './vpdq/vpdq.js';

export const SIGNAL_TYPES: Readonly<Record<SignalTypeName, SignalType>> = { md5, sha1, sha256, pdq, photodna, vpdq };

/** @throws VigieError `signal-type-unknown` */
export function signalType(name: string): SignalType {
  if (!Object.hasOwn(SIGNAL_TYPES, name)) throw new VigieError('signal-type-unknown');
  return SIGNAL_TYPES[name as SignalTypeName];
}
