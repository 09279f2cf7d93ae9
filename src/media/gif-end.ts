const [EXTENSION, IMAGE, END] = [0x21, 0x2c, 0x3b];

/**
 * Walks over the blocks of a GIF (GIF89a specification) to see whether it goes on to its end mark. Its decoder passes
 * over a cut end, and the images that are missing, in silence.
 */
export function reachesGifEnd(bytes: Uint8Array): boolean {
  const colourTable = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  let at = 13 + colourTable(bytes[10] ?? 0);
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === END) return true;
    if (block === IMAGE) at += 11 + colourTable(bytes[at + 9] ?? 0);
    else if (block === EXTENSION) at += 2;
    // Viewers stop at what is no block, as the decoder does.
    else return false;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number);
    at++;
  }
  return false;
}
