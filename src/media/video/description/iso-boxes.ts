import type { BytesOf } from './bytes-of.js';

/** A box of an ISO file (ISO/IEC 14496-12, 4.2) with what is in it. */
export interface IsoBox {
  readonly name: string;
  readonly content: BytesOf;
}

/** More in one place are no description that anybody wrote. */
const MOST = 256;

/** @returns undefined when they do not fit into each other @param bytes what holds them, and nothing else */
export function boxesOf(bytes: BytesOf): readonly IsoBox[] | undefined {
  const boxes: IsoBox[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.u32(at);
    // Sizes of 64 bits, and "to the end", are for what holds frames.
    if (size < 8 || at + size > bytes.length || boxes.length >= MOST) return undefined;
    boxes.push({ name: bytes.text(at + 4, at + 8), content: bytes.part(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

/** The one box of a name; undefined when there is none, or more than one. */
export function only(boxes: readonly IsoBox[], name: string): BytesOf | undefined {
  const [found, more] = boxes.filter((box) => box.name === name);
  return more === undefined ? found?.content : undefined;
}

/** What lies in boxes in each other, each the only one of its name. */
export function inside(bytes: BytesOf, ...path: readonly string[]): BytesOf | undefined {
  let found: BytesOf | undefined = bytes;
  for (const name of path) found = found === undefined ? undefined : only(boxesOf(found) ?? [], name);
  return found;
}
