/** `vigie/signals`: signal types and PDQ hashing, for Node and for browsers. */
export { VigieError } from '../errors.js';
export { complement, DIHEDRAL_NAMES, type DihedralName } from './pdq/dihedral.js';
export { PdqHasher, type PdqResult, type Pixels } from './pdq/pdq-hasher.js';
export { manhattan, type PhotoDnaMetric, squaredEuclidean } from './photodna/photodna.js';
export { SIGNAL_TYPE_NAMES, type SignalType, type SignalTypeName, type UnusableReason } from './signal-type.js';
export { SIGNAL_TYPES, signalType } from './signal-types.js';
export { compareTmk, type TmkComparison, type TmkThresholds, tmkLevel1, tmkLevel2 } from './tmk/compare-tmk.js';
export { TmkAccumulator } from './tmk/tmk-accumulator.js';
export { formatTmk, parseTmk } from './tmk/tmk-file.js';
export { TMK_FRAMES_PER_SECOND, type TmkVideo } from './tmk/tmk-video.js';
export { compareVpdq, type VpdqCompareOptions, type VpdqComparison, type VpdqRule } from './vpdq/compare-vpdq.js';
export {
  MAX_VPDQ_FRAMES,
  VPDQ_BYTES,
  type VpdqFrame,
  vpdqHash,
  vpdqSeconds,
  writeVpdqValue,
} from './vpdq/vpdq-frame.js';
export {
  formatVpdqFile,
  formatVpdqItem,
  formatVpdqJson,
  parseVpdq,
  readVpdq,
  readVpdqItem,
  readVpdqItems,
  type VpdqVisitor,
} from './vpdq/vpdq-text.js';
