import { type ErrorCode, VigieError } from '../errors.js';

/** The kind of a name. @throws VigieError of the code */
export function kindOf<K extends { readonly kind: string }>(kinds: readonly K[], name: string, code: ErrorCode): K {
  const kind = kinds.find((each) => each.kind === name);
  if (kind === undefined) throw new VigieError(code);
  return kind;
}
