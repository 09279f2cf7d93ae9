/** Values of one signal type that wait to be indexed, each with the row of the entry that it belongs to. */
export interface ValueList {
  readonly count: number;
  /** For each value its row; `count` of them. */
  readonly rows: Uint32Array;
  /** Copies value `index` into `target` at `offset`. */
  copyInto(index: number, target: Uint8Array, offset: number): void;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
