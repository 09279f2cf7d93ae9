import { makeSignalType } from '../make-signal-type.js';
import { hammingDistance } from '../pdq/hamming-distance.js';
import { parseFrame } from './vpdq-fields.js';
import { VPDQ_BYTES, vpdqHash, writeVpdqValue } from './vpdq-frame.js';

const COMMA = 0x2c;

/**
 * One frame of a video as Meta's vPDQ hashes it: PDQ and its time. A video has as many as it has hashed frames. Two
 * frames match as two pictures do, whenever they are shown; comparing whole videos is `compareVpdq`.
 *
 * Written as 72 hexadecimal digits; also read as `hash,quality,seconds`, of which the quality is not part of the value.
 */
export const vpdq = makeSignalType({
  name: 'vpdq',
  bytes: VPDQ_BYTES,
  exact: false,
  defaultThreshold: 31,
  distance: (a, b) => hammingDistance(vpdqHash(a), vpdqHash(b)),
  meaning: vpdqHash,
  parseOther: (source, start, end, target, offset) => {
    if (source.indexOf(COMMA, start) < 0) return false;
    const frame = parseFrame(source, start, end, 'json', 0);
    if (frame !== undefined) writeVpdqValue(frame, target.subarray(offset, offset + VPDQ_BYTES));
    return frame !== undefined;
  },
});
