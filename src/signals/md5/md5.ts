import { bytesOf, exactDistance, makeSignalType } from '../make-signal-type.js';

/** MD5 of a file's bytes: the same file and no other. */
export const md5 = makeSignalType({
  name: 'md5',
  bytes: 16,
  exact: true,
  defaultThreshold: 0,
  distance: exactDistance,
  emptyFile: bytesOf('d41d8cd98f00b204e9800998ecf8427e'),
});
