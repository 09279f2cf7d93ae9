import type { VigieError } from '../errors.js';

/** Of several errors the one that says what to do: what passes is tried again first. */
export function throwWorst(errors: readonly VigieError[]): void {
  const worst =
    errors.find(({ code }) => !['act-refused', 'act-unsupported', 'act-too-late'].includes(code)) ?? errors[0];
  if (worst !== undefined) throw worst;
}
