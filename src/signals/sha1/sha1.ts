import { bytesOf, exactDistance, makeSignalType } from '../make-signal-type.js';

/** SHA-1 of a file's bytes: the same file and no other. */
export const sha1 = makeSignalType({
  name: 'sha1',
  bytes: 20,
  exact: true,
  defaultThreshold: 0,
  distance: exactDistance,
  emptyFile: bytesOf('da39a3ee5e6b4b0d3255bfef95601890afd80709'),
});
