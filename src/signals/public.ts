/** `vigie/signals`: signal types and PDQ hashing, for Node and for browsers. */
export { VigieError } from '../errors.js';
export { complement, DIHEDRAL_NAMES, type DihedralName } from './pdq/dihedral.js';
export { PdqHasher, type PdqResult, type Pixels } from './pdq/pdq-hasher.js';
export { manhattan, type PhotoDnaMetric, squaredEuclidean } from './photodna/photodna.js';
export { SIGNAL_TYPE_NAMES, type SignalType, type SignalTypeName, type UnusableReason } from './signal-type.js';
export { SIGNAL_TYPES, signalType } from './signal-types.js';
