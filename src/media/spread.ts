/** Up to `wanted` of the numbers 0 … count - 1, the first among them, evenly spread, in order. */
export function spread(count: number, wanted: number): readonly number[] {
  const taken = Math.min(count, wanted);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}
