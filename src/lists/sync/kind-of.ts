import { VigieError } from '../../errors.js';
import type { SourceKind } from '../sources/source.js';

/** @throws VigieError `source-kind-unknown` */
export function kindOf(kinds: readonly SourceKind[], name: string): SourceKind {
  const kind = kinds.find((each) => each.kind === name);
  if (kind === undefined) throw new VigieError('source-kind-unknown');
  return kind;
}
