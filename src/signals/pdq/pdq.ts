import { makeSignalType } from '../make-signal-type.js';
import { hammingDistance } from './hamming-distance.js';

/**
 * PDQ: 256 bits of the low frequencies of a picture, from Meta's ThreatExchange (the paper "PDQ & TMK + PDQF", 2019).
 * Two pictures match at a Hamming distance of 31 or less, the threshold that its authors recommend.
 */
export const pdq = makeSignalType({
  name: 'pdq',
  bytes: 32,
  exact: false,
  defaultThreshold: 31,
  distance: hammingDistance,
});
