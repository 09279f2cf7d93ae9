import { bytesOf, exactDistance, makeSignalType } from '../make-signal-type.js';

/** SHA-256 of a file's bytes: the same file and no other. */
export const sha256 = makeSignalType({
  name: 'sha256',
  bytes: 32,
  exact: true,
  defaultThreshold: 0,
  distance: exactDistance,
  emptyFile: bytesOf('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
});
